"""The shop's order system over our own mirror tables, a file per noun."""

from __future__ import annotations

from care.adapters.embedded_orders.invoices import Invoices
from care.adapters.embedded_orders.loyalty import Loyalty
from care.adapters.embedded_orders.orders import Orders
from care.adapters.embedded_orders.returns import Returns
from care.adapters.embedded_orders.visits import Visits


class EmbeddedOrders(Orders, Returns, Visits, Invoices, Loyalty):
    """Each write is one transaction together with its key; a foreign thing is told from a missing one by nobody."""


__all__ = ["EmbeddedOrders"]

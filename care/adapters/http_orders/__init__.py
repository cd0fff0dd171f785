"""The shop's order system in an ERP or OMS, asked over HTTP; the contract is docs/order-system.md."""

from care.adapters.http_orders.client import ErpClient, open_erp
from care.adapters.http_orders.ids import CustomerIds, RecordedIds
from care.adapters.http_orders.orders import HttpOrders

__all__ = ["CustomerIds", "ErpClient", "HttpOrders", "RecordedIds", "open_erp"]

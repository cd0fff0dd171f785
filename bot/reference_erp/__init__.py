"""A small ERP that keeps the contract of docs/order-system.md, over the order tables of this project.

It is what the tests and ``zhike up --order-system http`` run against, and what an adapter in front of
another ERP can be compared with.
"""

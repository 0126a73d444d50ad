"""Demo data for the preorder application: shops that look alive, the same rows for the same options."""

from local.demo.generator import ReportProgress, load_demo
from local.demo.options import DemoOptions
from local.demo.shops import DEMO_SHOP_DOMAIN

__all__ = ["DEMO_SHOP_DOMAIN", "DemoOptions", "ReportProgress", "load_demo"]

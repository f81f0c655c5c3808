"""Makes `admin.site` the product's own, so that `@admin.register` registers there."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class ProductAdminConfig(AdminConfig):
    default_site = "tracker.admin_site.site.ProductAdminSite"

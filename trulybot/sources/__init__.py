"""Knowledge from the web: a page, a sitemap or a whole site, taken in and kept up to date."""

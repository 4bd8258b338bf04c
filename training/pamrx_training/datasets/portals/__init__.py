"""What the portals publish, read from local folders under their own file names: one module per portal.

`crosswalk` joins the portals' ids of cell lines, `importing` makes the tables that training takes.
"""

"""Console: pages for people, over the records of the rooms and the gateway; no logic of its own.

In:       requests of browsers; what rooms and the desks of the gateway return; who is signed in (`Sessions`)
Out:      HTML pages that work without a script, fetch nothing from outside and say who may do what
Imports:  every room below; nobody but the command line imports it
Add one:  a page is one file in `pages/` that holds a `Page` under the file's own name, and a template of
          the same name in `templates/`; copy `pages/home.py`. It is found by its name, stands in the menu
          where its card says, and is closed to whoever lacks its scope

Import from the defining module: `flyball report` renders one page and needs no server.
"""

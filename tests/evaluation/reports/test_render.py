"""The page as a whole: self-contained, safe against its own texts, true to its view."""


def test_the_page_names_every_contract(invented):
    page = invented.render_report(invented.invented_view())
    for contract in invented.invented_view().contracts:
        assert contract.name in page

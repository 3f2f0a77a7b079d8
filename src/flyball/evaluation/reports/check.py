"""Whether the parts of a report belong together; a page made of others would mislead."""

from flyball.core.digests import digest_of_bytes, short
from flyball.evaluation.reports.records import BadReportView, ContractView, ReportView

__all__ = ["check_contract"]


def check_contract(contract: ContractView, view: ReportView) -> None:
    """Refuse a contract whose parts do not belong together; `build_page` relies on it.

    Parameters
    ----------
    contract : ContractView
        Before anything was masked.
    view : ReportView

    Raises
    ------
    BadReportView
        Another text or another release than was decided on, an unknown or doubled field, or a passage
        outside the text.
    """
    decision = contract.decision
    told = digest_of_bytes(contract.text.encode("utf-8", "surrogatepass"))
    if told.removeprefix("sha256:") != decision.text_digest.removeprefix("sha256:"):
        raise BadReportView(
            f"The text of {contract.name} is {short(told)}, "
            f"but the decision was made on {short(decision.text_digest)}.",
            fix="Hand in the text that was decided on; highlights in any other would mark the wrong words.",
            contract=contract.name,
        )
    if decision.release != view.run.release:
        raise BadReportView(
            f"{contract.name} was decided by release {short(decision.release) or 'none'}, "
            f"but the report is about {short(view.run.release) or 'none'}.",
            fix="Make one report per release.",
            contract=contract.name,
        )
    known = {field.key for field in view.fields}
    seen: set[str] = set()
    for one in decision.fields:
        if one.field not in known or one.field in seen:
            what = "twice" if one.field in seen else "which the report does not know"
            raise BadReportView(
                f"The decision on {contract.name} answers {one.field}, {what}.",
                fix="Hand in the fields of the deployment that decided, each once.",
                contract=contract.name,
                field=one.field,
            )
        seen.add(one.field)
    for what, spans in [
        *((one.field, one.evidence) for one in decision.fields),
        *((one.rule, one.evidence) for one in decision.findings),
    ]:
        for span in spans:
            if not 0 <= span.start < span.end <= len(contract.text):
                raise BadReportView(
                    f"{what} of {contract.name} quotes [{span.start}, {span.end}) "
                    f"of a text of {len(contract.text)} characters.",
                    fix="The expert that quoted it is at fault; take it off the route and report it.",
                    contract=contract.name,
                )

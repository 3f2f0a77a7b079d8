"""Red team: attack the whole deployment as somebody outside would, and say how often that worked.

In:       a `Target` (doors of a deployment and what is known about it); seeds that ship, and the deployment's
Out:      `Attack`s, one `Result` per attack, a `RedTeamReport` with intervals; findings as SARIF 2.1.0
Imports:  core, documents of the data layer; never loop, gateway or cli: doors are handed in as a `Target`
Add one:  a family is a file in `families/`, a disguise one in `mutators/`, a hiding place one in `carriers/`
"""

"""Router: which expert answers which field, and when a person must.

In:       predictions of the experts, calibration scores, the deployment's promise
Out:      `Thresholds` with their guarantee, and a `Route` per field
Imports:  core, experts' contract
Add one:  a risk bound is one function in `risk_control.py`
"""

"""The OpenAPI document is what the routes are, and it is served."""

import http.client
import json

from flyball.gateway.openapi import openapi_of

SIGN_IN = ("/login", "/login/callback", "/logout")


def shown(running):
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    connection.request("GET", "/openapi.json")
    reply = connection.getresponse()
    document = json.loads(reply.read())
    connection.close()
    assert reply.status == 200
    return document


def test_every_door_stands_in_it_with_what_it_needs_and_takes(gateway, upstream):
    running = gateway(upstream(lambda handler, body: None))
    document = shown(running)
    assert document == json.loads(json.dumps(openapi_of(running.server.config.app)))
    chat = document["paths"]["/v1/chat/completions"]["post"]
    assert chat["x-scope"] == "chat"
    assert chat["requestBody"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/ChatRequest"
    }
    assert document["components"]["schemas"]["ChatRequest"]["required"] == ["model", "messages"]
    assert {"/healthz", "/readyz", "/v1/models", "/v1/responses", "/v1/decisions", "/v1/outcomes"} <= set(
        document["paths"]
    )


def test_only_health_and_the_document_itself_are_open_to_all(gateway, upstream):
    document = shown(gateway(upstream(lambda handler, body: None)))
    doors = [
        (path, method)
        for path, methods in document["paths"].items()
        for method in methods
        if not document["paths"][path][method]["security"]
    ]
    assert {path for path, _ in doors if path not in SIGN_IN} == {"/healthz", "/readyz", "/openapi.json"}


def test_every_reference_leads_somewhere(gateway, upstream):
    document = shown(gateway(upstream(lambda handler, body: None)))
    text = json.dumps(document)
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= set(document["components"]["schemas"])

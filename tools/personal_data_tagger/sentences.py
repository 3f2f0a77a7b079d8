"""Sentences with marked findings, made from templates and lists; no text is taken from anywhere."""

# ruff: noqa: E501, SIM905 - lists of words are easier to read and to add to as they stand

import random
import re
from bisect import bisect
from itertools import accumulate

from clauses import CLAUSES, PARTS
from faker import Faker
from templates import TEMPLATES
from words import LOCALES, NATIONALITIES, PEOPLES, TITLES, Words

__all__ = ["Maker", "Marked"]

Marked = tuple[str, list[tuple[int, int, str]]]
"""A text and its findings: start, end in characters, kind."""

_SLOT = re.compile(r"\{([A-Za-z]+)\}")

_STREET_WORDS = """Street St St. Road Rd Avenue Ave Ave. Lane Drive Dr Boulevard Blvd Court Ct Place Way Terrace Close
Crescent Square Hill Parkway Highway Circle Trail Grove Gardens Row Walk Mews Alley Pike Parade Quay Loop""".split()
_FOREIGN = """{} straße|{}straße|{}strasse|{}gasse|{}weg|{}allee|{}platz|{}ring|Am {}|An der {}|Rue {}|rue de {}
rue du {}|Avenue de {}|Place {}|Boulevard {}|Via {}|Viale {}|Piazza {}|Corso {}|Strada {}|Calle {}|C/ {}|Avenida {}
Plaza {}|Paseo {}|Carrer {}|Colonia {}|Rua {}|Travessa {}|Praça {}|{}straat|{}laan|{}weg|{}plein|{}kade|{}gracht
{}singel|{}dreef|{}vej|{}gade|{}vænget|{}allé|{}vägen|{}gatan|{}gränd|{}stigen|{}veien|{}gata|{}gate|{}svingen|{}katu
{}tie|{}kuja|{}polku|ul. {}|ulica {}|al. {}|os. {}|pl. {}|{} u.|{} utca|{} út|{} tér|{} körút|{} ulica|{}ova|{}ská|Na {}
Pod {}|K {}|{} cesta|{} trg|{} pot|Strada {}|Bd. {}|{} Sokak|{} Caddesi|{} sk.|Jalan {}|Jl. {}|{} g.|{} iela
{} tänav|{}stígur|{}gata|{}braut|Kirchen{}weg|Strand{}|Nørre {}|Store {}vej|Via San {}|rue Saint-{}|Largo {}|{} Marg
{} Nagar|Hohe {}|Obere {}straße|Untere {}gasse|Vicolo {}|Lungarno {}|{} köz|{} sétány"""
_NUMBERED = [
    "{n}th Street",
    "{n}th Avenue",
    "W {n}th St",
    "E {n}th Ave",
    "State Route {n}",
    "County Road {n}",
    "Highway {n}",
]
_ORG_ENDS = """Inc|Inc.|LLC|Ltd|Ltd.|Limited|Corp.|Corporation|Co.|Company|PLC|plc|Group|Holdings|& Co.|& Sons
& Partners|and Sons|GmbH|AG|SE|KG|S.A.|S.p.A.|B.V.|N.V.|AB|ApS|AS|Oy|Kft.|Sp. z o.o.|s.r.o.|d.o.o.|SARL|SAS|Pty Ltd|LLP
L.P.|N.A.|Trust|Partners|International|Industries|Technologies|Solutions|Systems|Services|Consulting|Labs|Media|Bank
Pharmaceuticals|Logistics|Airlines|Motors|Energy|Foods|Software|Analytics|Capital|Ventures|Insurance|Health
Studios|Networks|Entertainment|Associates|Brothers|Enterprises|Foundation|Institute|University|College|Hospital|Press""".replace(
    "\n", "|"
).split("|")
_ORG_WORDS = """Data Open Green Blue Silver Global United First National General Pacific Atlantic Northern Southern
Eastern Western Central Royal Urban Rural Digital Quantum Solar Lunar Apex Summit Vertex Nova Alpha Beta Delta Omega
Prime Core Bright Clear Swift Smart Cloud Sky Ocean River Forest Stone Iron Steel Copper Gold Crystal Diamond Eagle
Falcon Lion Bear Fox Wolf Phoenix Dragon Star Sun Moon Earth Terra Aqua Aero Bio Cyber Nano Micro Macro Mega Hyper Meta
Info Tele Trans Inter Ultra Power Energy Health Care Med Pharma Food Farm Home House Build Works Craft Link Net Web Byte
Bit Pixel Logic Mind Think Idea Spark Fuel Drive Motion Wave Pulse Signal Point Path Way Gate Bridge Port Harbor Tower
Market Trade Shop Store Cart Pay Cash Coin Fund Wealth Trust Credit Legal Law Tax Audit Geo Map Track Trace Scan Vision
Insight Metric Measure Chart Graph List Index Search Find Seek Quest Weather Climate Civic Gov Public Citizen People Social
Community School Learn Teach Study Book Paper Print Media News Press Voice Sound Music Film Game Play Sport Fit Travel
Trip Tour Hotel Estate Property Land Street City Metro Town Village Opportunity Innovation Advanced Applied Creative""".split()
_ORG_HEADS = """Ministry of {w}|Department of {w}|Bureau of {w}|Office of {w}|Institute of {w}|University of {p}
{p} University|Bank of {p}|{p} City Council|{p} Police Department|{p} General Hospital|National Bank of {p}
{p} Chamber of Commerce|Church of {w}|Society for {w}|Federal {w} Agency|{w} Commission|{w} Administration
Association of {w}|Union of {w} Workers|{p} Football Club|{p} United|FC {p}|{p} Times|{p} Post|The {p} Herald|{p} Airways
{l} & {l}|{l}, {l} and {l}|{l} and {l}|{l}-{l}|{l} {e}|{l} Group|{l} {w} {e}|{l} Brothers|{l}, {l} & {l} LLP|{l} and Sons
{w} {e}|{w} {x} {e}|{w} {x}|{c}|{c}|{c} {e}|{c} {e}|{a}|{a} {e}|{c}.com|{w} of {x}|{w} 'n' {x}|{w} {x}|{w} {x}|{f} & {l}|{a}|{w}|{w} of {p}|{p} {w} {e}|The {w} {x}|{w} {x} Council
{a} {w}|{f}'s|{f}'s {w}|{w} & {x}|{w} & {x} {e}|{n}{w}|{w}{n}|{c} {n}|{w} {x} of America|{f} {l} {e}""".replace(
    "\n", "|"
).split("|")
_ORG_KNOWN = """Google Microsoft Apple Amazon IBM Oracle Intel Cisco Facebook Twitter Netflix Tesla Boeing Airbus Toyota
Siemens Bosch BMW Volkswagen Nestlé Novartis Roche UBS HSBC Barclays Citigroup JPMorgan Morgan-Stanley Goldman-Sachs
Visa Mastercard PayPal Uber Airbnb Samsung Sony Nintendo Panasonic Walmart Target Costco Starbucks McDonald's Pfizer
Moderna Merck GSK Shell BP Exxon Chevron Reuters Bloomberg CNN BBC NBC CBS ABC FBI CIA NASA NATO UN WHO EU FDA SEC IRS
UNICEF Greenpeace Interpol Harvard Stanford MIT Yale Oxfam FIFA UEFA NBA NFL AT&T Verizon T-Mobile Vodafone""".split()
# Made words, as companies like to be called: "Ecodesk", "Numerify".
_BLEND_ENDS = """ly ify io ex ix os hub zon ster scape base desk case cast fin able ology nomics graphy matic metrics sense
wise works ware logic lytics genix gen tech tronics soft net link point path box lab labs space verse shift stream flow
force forge craft mind bit byte pay ledger med care bio dyne tel com nova ora ica ium ent ity um is us ia eo oo r""".split()
_ORG_NOUNS = """Research Services Solutions Systems Technologies Group Partners Center Centre Network Nation Project Agency
Institute Foundation Maintenance Design Garden Kitchen Supply Trading Lines Works Markets Quarters Stores Store Cleaners
Printing Repair Rentals Properties Realty Travel Foods Bakery Motors Auto Electric Outfitters Appliances Furniture
Records Pictures Publishing Press Journal Weekly Magazine Review Radio Council League Alliance Initiative Coalition
Movement Party Orchestra Theatre Company Exchange Securities Mutual Savings Dynamics Robotics Genetics Bioscience
Therapeutics Diagnostics Materials Mining Petroleum Gas Water Airlines Railways Shipping Freight Couriers""".split()
_CONNECTING = {
    "PLACE": "in in in near from to to around through outside across into towards of visiting".split(),
    "ORG": "at at for for with by of from called joined via named against".split(),
    "PERSON": "with with by by and for to about like from of early late told met asked named called says said".split(),
}
_OPEN_WORDS = frozenset("a an and at by for from in into near of on or the to with".split())
_JOBS_SMALL = "nurse teacher engineer lawyer baker accountant pilot farmer driver editor singer actor painter chef".split()
_QUOTES = [
    "We are not for sale",
    "It was a good year",
    "Nobody told us",
    "We will appeal",
    "This is a mistake",
]
_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_THINGS = """Health Justice Agriculture Labor Defense Education Transport Commerce Energy Finance Culture Science Trade
Technology Economics Statistics Housing Veterans Fisheries Immigration Foreign-Affairs Music Engineering""".split()


class Maker:
    """Makes sentences.

    Parameters
    ----------
    words : Words
    common : set of str
        Ordinary words: shops and bands are called by them too.
    seed : int
    """

    def __init__(self, words: Words, common: set[str], seed: int) -> None:
        self._common = sorted(one for one in common if 3 <= len(one) <= 11)
        self._random = random.Random(seed)  # noqa: S311 - sentences, not secrets
        self._first = sorted(words.first)
        self._last = sorted(words.last)
        self._city = sorted(words.city)
        self._region = sorted(words.region)
        self._company = sorted(words.company)
        self._follow = self._read_pairs(words, common)
        self._begin = sorted(self._follow)
        self._pools: dict[str, list[dict[str, list[str]]]] = {}
        self._locales = self._read_pools(seed)

    @staticmethod
    def _read_pairs(words: Words, common: set[str]) -> dict[str, tuple[list[str], list[float]]]:
        """Return for each word the words that follow it, with running sums of their weights."""
        follow: dict[str, tuple[list[str], list[float]]] = {}
        for one, other, n in words.pairs:
            if one in common and other in common:
                behind, weights = follow.setdefault(one, ([], []))
                behind.append(other)
                weights.append(n**0.5)
        return {one: (behind, list(accumulate(weights))) for one, (behind, weights) in follow.items()}

    def _walk(self, n: int) -> list[str]:
        """Return words each of which often follows the one before."""
        word = self._one(self._begin)
        found = [word]
        while len(found) < n:
            behind, sums = self._follow.get(word, ([], []))
            word = (
                behind[min(bisect(sums, self._random.random() * sums[-1]), len(behind) - 1)]
                if behind
                else self._one(self._begin)
            )
            found.append(word)
        return found

    def _loose(self) -> str:
        """Return a template whose words are ordinary English in no order that was thought of."""
        r = self._random
        kind = r.choices(("PERSON", "PLACE", "ORG", "NRP"), (6, 4, 4, 1))[0]
        slot = (
            "{"
            + (r.choice(("PERSON", "PERSON", "FIRST", "FIRST", "LAST")) if kind == "PERSON" else kind)
            + "}"
        )
        left, right = self._walk(r.randint(1, 6)), self._walk(r.randint(1, 6))
        while left and left[-1] in _OPEN_WORDS:
            left.pop()
        draw = r.random()
        if kind == "NRP":
            words = [*left, *r.choice((["the"], ["a"], ["many"], [])), slot, *right]
        elif draw < 0.3 and kind != "PLACE":
            words = [slot, *right]
        elif draw < 0.38:
            words = ["The", slot, *right] if kind == "ORG" else [slot, *right]
        elif draw < 0.48:
            words = [*left, r.choice(_CONNECTING[kind]), slot + "'s", *right]
        elif draw < 0.58:
            words = [*left, r.choice(_CONNECTING[kind]), slot, "and", slot, *right]
        elif draw < 0.66 and kind == "PERSON":
            slot = self._one(["{LAST}", "{LAST}", "{FIRST}", "{PERSON}"])
            words = [
                *left,
                *[slot + ","] * r.randint(1, 4),
                slot,
                self._one(["and", "and", "or", "&"]),
                slot,
                *right,
            ]
        elif draw < 0.74 and kind == "PERSON":
            words = [*left, slot, *right]
        else:
            words = [*left, r.choice(_CONNECTING[kind]), slot, *right]
        words[0] = words[0] if words[0][0] == "{" else words[0].capitalize()
        return " ".join(words) + self._one([".", ".", ".", "?", "!", ""])

    def _read_pools(self, seed: int) -> list[dict[str, list[str]]]:
        pools = []
        for number, locale in enumerate(LOCALES):
            fake = Faker(locale)
            fake.seed_instance(seed + number)
            latin = re.compile(r"[A-Za-zÀ-ɏͰ-Ͽἀ-῿Ѐ-ӿ0-9' .,\-/&()\n]+")

            def some(make: str, n: int, fake: Faker = fake, latin: re.Pattern[str] = latin) -> list[str]:
                found = []
                for _ in range(n):
                    try:
                        one = str(getattr(fake, make)())
                    except AttributeError:
                        return []
                    if latin.fullmatch(one):
                        found.append(one)
                return found

            pools.append(
                {
                    "first": some("first_name", 500),
                    "last": some("last_name", 500),
                    "city": some("city", 300),
                    "street": some("street_name", 300),
                    "address": some("address", 200),
                    "company": some("company", 150),
                    "state": some("state", 30) + some("administrative_unit", 30),
                    "postcode": some("postcode", 50),
                }
            )
        fake = Faker("en_US")
        fake.seed_instance(seed)
        self._job = [fake.job() for _ in range(800)]
        return pools

    def _one(self, items: list[str]) -> str:
        return self._random.choice(items)

    def _from(self, pool: str) -> str:
        for _ in range(5):
            items = self._random.choice(self._locales)[pool]
            if items:
                return self._one(items)
        return self._one(self._locales[0][pool])

    def _chance(self, share: float) -> bool:
        return self._random.random() < share

    def _crossed(self, items: list[str]) -> str:
        """Return a word that stands on no list: the beginning of one and the end of another."""
        one, other = self._one(items), self._one(items)
        if " " in one or " " in other or len(one) < 4 or len(other) < 4:
            return one
        return (
            one[: self._random.randint(2, len(one) - 1)]
            + other[-self._random.randint(2, min(4, len(other) - 1)) :]
        )

    def first(self) -> str:
        """Return a first name."""
        draw = self._random.random()
        name = (
            self._from("first")
            if draw < 0.65
            else self._one(self._first)
            if draw < 0.88
            else self._crossed(self._first)
        )
        return name

    def last(self) -> str:
        """Return a last name."""
        draw = self._random.random()
        name = (
            self._from("last")
            if draw < 0.6
            else self._one(self._last)
            if draw < 0.85
            else self._crossed(self._last)
        )
        draw = self._random.random()
        if draw < 0.03:
            name = (
                self._one(
                    [
                        "de ",
                        "van ",
                        "von ",
                        "van der ",
                        "di ",
                        "la ",
                        "Le",
                        "Mc",
                        "Mac",
                        "O'",
                        "D'",
                        "al-",
                        "El ",
                    ]
                )
                + name
            )
        elif draw < 0.06:
            name = f"{name}-{self._from('last')}"
        return name

    def person(self) -> str:
        """Return a name as it is written."""
        draw = self._random.random()
        first, last = self.first(), self.last()
        if draw < 0.55:
            return f"{first} {last}"
        if draw < 0.63:
            return f"{first} {self._random.choice('ABCDEFGHJKLMNPRSTVW')}{self._one(['.', ''])} {last}"
        if draw < 0.69:
            return f"{first} {self.first()} {last}"
        if draw < 0.73:
            return f"{first} {last} {self.last()}"
        if draw < 0.76:
            return f"{first[0]}. {last}"
        if draw < 0.78:
            return f"{first[0]}. {self._random.choice('ABCDEFGHJKLM')}. {last}"
        if draw < 0.80:
            return f"{first} {last} {self._one(['Jr.', 'Jr', 'Sr.', 'II', 'III', 'PhD', 'MD'])}"
        if draw < 0.86:
            return f"{self.title()} {first} {last}"
        if draw < 0.94:
            return first
        return last if draw < 0.98 else f"{last}, {first}"

    def title(self) -> str:
        """Return a form of address."""
        title = self._one(TITLES[:6] * 6 + TITLES)
        return (
            title + "." if title in ("Mr", "Mrs", "Ms", "Dr", "Prof", "Rev") and self._chance(0.6) else title
        )

    def place(self) -> str:
        """Return a city, region or country."""
        draw = self._random.random()
        if draw < 0.30:
            return self._from("city")
        if draw < 0.50:
            return self._one(self._city)
        if draw < 0.60:
            return self._crossed(self._city)
        if draw < 0.92:
            return self._one(self._region)
        return self._from("state")

    def nationality(self) -> str:
        """Return a nationality, religion or party."""
        return self._one(PEOPLES)

    def street(self) -> str:
        """Return the name of a street."""
        draw = self._random.random()
        if draw < 0.35:
            return self._from("street")
        stem = self._one(
            [
                self._from("last"),
                self._from("first"),
                self._one(self._city),
                self._one(_ORG_WORDS),
                self._crossed(self._last),
            ]
        )
        if draw < 0.60:
            kind = self._one(_STREET_WORDS)
            name = f"{stem} {kind}"
            if self._chance(0.15):
                name = f"{self._one(['N', 'S', 'E', 'W', 'North', 'South', 'East', 'West', 'N.', 'SW', 'NE', 'Old', 'Upper'])} {name}"
            return name
        if draw < 0.66:
            return self._one(_NUMBERED).format(n=self._random.randint(4, 140))
        form = self._one(re.split(r"[|\n]", _FOREIGN))
        if form.startswith("{}") and not form.startswith("{} "):
            return form.format(stem.split()[0].rstrip("aeiouy") if self._chance(0.3) else stem.split()[0])
        return form.format(stem)

    def number(self) -> str:
        """Return a house's number."""
        n = str(self._random.randint(1, 99) if self._chance(0.55) else self._random.randint(100, 19999))
        draw = self._random.random()
        if draw < 0.05:
            return n + self._random.choice("abcABD")
        return f"{n}/{self._random.randint(1, 30)}" if draw < 0.08 else n

    def unit(self) -> str:
        """Return a flat or suite."""
        return f"{self._one(['Apt.', 'Apt', 'Suite', 'Unit', 'Flat', '#', 'Floor', 'Ste', 'Ste.', 'App.', 'Apartment', 'Room', 'Box'])} {self._random.randint(1, 999)}"

    def postcode(self) -> str:
        """Return a postal code."""
        return self._from("postcode") if self._chance(0.8) else str(self._random.randint(1000, 99999))

    def state(self) -> str:
        """Return a short name of a state."""
        return self._one(
            [
                "AL",
                "AK",
                "AZ",
                "CA",
                "CO",
                "CT",
                "FL",
                "GA",
                "IL",
                "MA",
                "MI",
                "NC",
                "NJ",
                "NV",
                "NY",
                "OH",
                "OR",
                "PA",
                "SA",
                "TX",
                "VA",
                "VIC",
                "WA",
                "WI",
                "ON",
                "QLD",
                "NSW",
                "Kent",
                "Devon",
            ]
        )

    def address(self) -> str:
        """Return an address on one line or more."""
        draw = self._random.random()
        if draw < 0.2:
            return self._from("address")
        street, number = self.street(), self.number()
        first = f"{number} {street}" if self._chance(0.6) else f"{street} {number}"
        if self._chance(0.06):
            first = f"{number} {street} {self.number()}"
        if self._chance(0.02):
            first = f"P.O. Box {self._random.randint(1, 9999)}"
        if self._chance(0.03):
            return f"{self._one(['USS', 'USNS', 'PSC', 'Unit'])} {self._one([self.last(), str(self._random.randint(1, 9999))])}{self._one([chr(10), ', '])}{self._one(['FPO', 'APO', 'DPO'])} {self._one(['AE', 'AP', 'AA'])} {self._random.randint(10000, 99999)}"
        if draw < 0.40:
            return first
        sep = self._one([", ", ", ", "\n", "\n", " ", "\n "])
        parts = [first]
        if self._chance(0.25):
            parts.append(self.unit())
            if self._chance(0.5):
                parts = [f"{first}{self._one([' ', ', '])}{parts[1]}"]
        city = self._from("city") if self._chance(0.5) else self._one(self._city)
        draw = self._random.random()
        if draw < 0.3:
            parts.append(f"{city}, {self.state()} {self.postcode()}")
        elif draw < 0.45:
            parts.append(f"{self.postcode()} {city}")
        elif draw < 0.6:
            parts.append(f"{city} {self.postcode()}")
        elif draw < 0.7:
            parts += [city, self.postcode()]
        elif draw < 0.8:
            parts += [city, f"{self.state()} {self.postcode()}"]
        else:
            parts.append(city)
        if self._chance(0.3):
            parts.append(self._one(self._region))
        if self._chance(0.08):
            parts.append(self.postcode())
        return sep.join(parts)

    def organisation(self) -> str:
        """Return the name of an organisation."""
        draw = self._random.random()
        if draw < 0.22:
            return self._from("company")
        if draw < 0.27:
            return self._one(_ORG_KNOWN).replace("-", " ")
        if draw < 0.40:
            return self._one(self._company)
        if draw < 0.52:
            return self._worded()
        if draw < 0.62:
            return self._blend()
        words = [self._one(_ORG_WORDS + _THINGS) for _ in range(2)]
        if self._chance(0.3):
            words = [self._one(self._common).capitalize() for _ in range(2)]
        camel = self._one(
            [
                words[0] + words[1],
                words[0] + words[1].lower(),
                words[0]
                + self._one(["ly", "ify", "io", "ex", "a", "ix", "os", "hub", "zon", "ster", "en", "scape"]),
                self._crossed(_ORG_WORDS),
                self._crossed(self._last) + self._one(["tech", "soft", "corp", "net", "graph", "s"]),
            ]
        )
        short = "".join(
            self._random.choice("ABCDEFGHIKLMNOPRSTUV") for _ in range(self._random.randint(2, 4))
        )
        return (
            self._one(_ORG_HEADS)
            .format(
                w=words[0],
                x=words[1],
                e=self._one(_ORG_ENDS),
                l=self.last(),
                f=self.first(),
                p=self.place(),
                c=camel,
                a=short,
                n=self._random.randint(2, 360),
            )
            .replace("Foreign-Affairs", "Foreign Affairs")
        )

    def _worded(self) -> str:
        """Return ordinary words in a row that are the name of an organisation."""
        r = self._random
        words = [self._one(self._common).capitalize() for _ in range(r.choice((1, 1, 2, 2, 3)))]
        if self._chance(0.15):
            words.insert(0, self._one([self._one(self._city), self.last(), self._one(NATIONALITIES)]))
        if self._chance(0.75):
            words.append(self._one(_ORG_NOUNS))
        elif len(words) > 2 and self._chance(0.3):
            words.insert(-1, self._one(["of", "for", "and", "&"]))
        if self._chance(0.25):
            words.append(self._one(_ORG_ENDS))
        return " ".join(words)

    def _blend(self) -> str:
        """Return a made word that is the name of an organisation."""
        r = self._random
        stem = self._one(self._common)[: r.randint(3, 7)]
        name = stem + (
            self._one(_BLEND_ENDS) if self._chance(0.6) else self._one(self._common)[: r.randint(3, 6)]
        )
        name = name.capitalize()
        if self._chance(0.15):
            name = stem.capitalize() + self._one(_BLEND_ENDS).capitalize()
        if self._chance(0.2):
            name = f"{name} {self._one(_ORG_ENDS + _ORG_NOUNS)}"
        return name

    def _plain(self, slot: str) -> str:
        r = self._random
        if slot == "date":
            m, d, y = r.randint(1, 12), r.randint(1, 28), r.randint(1940, 2026)
            return self._one(
                [
                    f"{d}/{m}/{y}",
                    f"{y}-{m:02}-{d:02}",
                    f"{_MONTHS[m - 1]} {d}, {y}",
                    f"{d} {_MONTHS[m - 1]} {y}",
                    f"{_MONTHS[m - 1][:3]} {d}",
                    f"{d}.{m}.{y}",
                    f"{d}th of {_MONTHS[m - 1]}",
                    f"the {d}th",
                ]
            )
        if slot == "day":
            return self._one([*_DAYS, *_DAYS, "today", "tomorrow", "Mon", "Fri"])
        if slot == "month":
            return self._one(_MONTHS)
        if slot == "year":
            return str(r.randint(1900, 2026))
        if slot == "time":
            return self._one(
                [
                    f"{r.randint(1, 12)} pm",
                    f"{r.randint(0, 23)}:{r.randint(0, 59):02}",
                    f"{r.randint(1, 12)}:30 AM",
                    "noon",
                ]
            )
        if slot == "num":
            return str(r.randint(1, 99) if self._chance(0.6) else r.randint(100, 99999999))
        if slot == "money":
            n = r.randint(1, 9999)
            return self._one(
                [f"${n}", f"{n} EUR", f"€{n},000", f"USD {n}.00", f"${n} million", f"{n} dollars", f"£{n}"]
            )
        if slot == "phone":
            return re.sub(
                "#",
                lambda _: str(r.randint(0, 9)),
                self._one(
                    [
                        "(###) ###-####",
                        "###-###-####",
                        "+1 ### ### ####",
                        "+44 20 #### ####",
                        "0## ### ####",
                        "#### ####",
                        "+49 ### #######",
                        "## ## ## ##",
                        "###.###.####",
                        "(0##) #### ####",
                        "###-###-####x####",
                    ]
                ),
            )
        if slot == "email":
            return f"{self.first()}{self._one(['.', '_', ''])}{self.last()}@{self._one(_ORG_WORDS)}.{self._one(['com', 'org', 'de', 'net'])}".lower().replace(
                " ", ""
            )
        if slot == "card":
            return "".join(str(r.randint(0, 9)) for _ in range(r.choice([13, 15, 16, 16])))
        if slot == "iban":
            return self._one(["GB", "DE", "FR", "NL"]) + "".join(str(r.randint(0, 9)) for _ in range(20))
        if slot == "ssn":
            return f"{r.randint(100, 899)}-{r.randint(10, 99)}-{r.randint(1000, 9999)}"
        if slot == "ip":
            return ".".join(str(r.randint(1, 254)) for _ in range(4))
        if slot == "url":
            return (
                self._one(["https://www.", "www.", "http://", ""])
                + self._one(_ORG_WORDS).lower()
                + self._one(_ORG_WORDS)
                + self._one([".com", ".org/", ".net/x", ".de"])
            )
        if slot == "job":
            job = self._one([*_JOBS_SMALL, self._one(self._job), self._one(self._job)])
            return job.lower() if self._chance(0.6) else job
        if slot == "phrase":
            words = [self._one(self._common).capitalize() for _ in range(r.choice((1, 1, 2, 2, 3, 4)))]
            return ("The " if self._chance(0.2) else "") + " ".join(words)
        if slot == "shortquote":
            return self._one(_QUOTES)
        raise KeyError(slot)

    def _filled(self, slot: str) -> tuple[str, str]:
        if slot == "PERSON":
            return self.person(), "PERSON"
        if slot == "FIRST":
            return self.first(), "PERSON"
        if slot == "LAST":
            return self.last(), "PERSON"
        if slot == "TITLE":
            return self.title(), "TITLE"
        if slot == "PLACE":
            return self.place(), "LOCATION"
        if slot == "NRP":
            return self.nationality(), "NRP"
        if slot == "NRPS":
            one = self.nationality()
            return (one if one.endswith(("s", "sh", "ch", "ese")) else one + "s"), "NRP"
        if slot == "ORG":
            return self.organisation(), "ORGANIZATION"
        if slot == "ADDRESS":
            return self.address(), "ADDRESS"
        if slot == "STREETONLY":
            return self.street(), "ADDRESS"
        if slot == "STREETNO":
            return self.number(), "ADDRESS"
        return self._plain(slot), ""

    def _prose(self) -> str:
        """Return ordinary words with capitals at the beginnings and, now and then, where headings have them."""
        words = self._walk(self._random.randint(4, 14))
        words[0] = words[0].capitalize()
        if self._chance(0.15):  # "Unfortunately, "
            words[0] += ","
        if self._chance(0.2):
            at = self._random.randrange(len(words))
            words[at] = words[at].capitalize()
        for place in range(1, len(words)):
            if self._chance(0.04):
                words[place - 1] += self._one([".", "!", "?", ":"])
                words[place] = words[place].capitalize()
        if self._chance(0.1):
            words = [one.capitalize() for one in words]
        if self._chance(0.3):
            words.insert(1, ",")
        return " ".join(words).replace(" ,", ",") + "."

    def _technical(self) -> str:
        """Return a line as programs and their descriptions have it: capitals that name nobody."""
        r = self._random
        words = self._walk(r.randint(5, 14))
        for _ in range(r.randint(1, 3)):
            one, other = (self._one(self._common) for _ in range(2))
            words.insert(
                r.randint(0, len(words)),
                self._one(
                    [
                        one.capitalize() + other.capitalize(),
                        one.capitalize()
                        + self._one(["Error", "Handler", "Type", "Object", "Warning", "List"]),
                        f"{one}_{other}",
                        f"{one}.{other.capitalize()}",
                        f"{one}()",
                        f"`{one.capitalize()}`",
                        f"'{one.capitalize()}'",
                        one.upper(),
                        one.capitalize(),
                        self._one(
                            "JSON XML HTTP HTML UTF Unix Windows Python Java Linux True False None API CPU ASCII".split()
                        ),
                    ]
                ),
            )
        words[0] = words[0].capitalize()
        return re.sub(r"[{}]", "", " ".join(words)) + self._one([".", ".", ":", ""])

    def _clause(self) -> str:
        """Return a template put together from parts, with a capital at its beginning where that is a word."""
        clause = re.sub(r"<([a-z]+)>", lambda part: self._one(PARTS[part[1]]), self._random.choice(CLAUSES))
        return (clause[0].upper() + clause[1:]).replace("\\n", "\n")

    def sentence(self) -> Marked:
        """Return one sentence, or a few in a row."""
        draw = self._random.random()
        template = (
            self._prose()
            if draw < 0.09
            else self._technical()
            if draw < 0.13
            else self._loose()
            if draw < 0.30
            else self._clause()
            if draw < 0.63
            else self._random.choice(TEMPLATES)
        )
        if draw > 0.13 and self._chance(0.08):  # a sentence that begins with a word of its own
            template = f"{self._one(self._common).capitalize()}, {template}"
        text, found = "", []
        at = 0
        for slot in _SLOT.finditer(template):
            text += template[at : slot.start()]
            words, kind = self._filled(slot[1])
            if kind:
                found.append((len(text), len(text) + len(words), kind))
            text += words
            at = slot.end()
        text += template[at:]
        draw = self._random.random()
        if draw < 0.10:
            text = text.lower() if len(text.lower()) == len(text) else text
        elif draw < 0.13:
            text = text.upper() if len(text.upper()) == len(text) else text
        elif draw < 0.18 and text[-1:] in ".!?":
            text = text[:-1]
        elif draw < 0.24:  # names in lower or upper case within an ordinary sentence
            for start, end, kind in found:
                change = str.upper if self._chance(0.4) else str.lower
                if kind in ("PERSON", "LOCATION", "ADDRESS") and len(change(text[start:end])) == end - start:
                    text = text[:start] + change(text[start:end]) + text[end:]
        return text, found

    def text(self) -> Marked:
        """Return one to four sentences."""
        text, found = self.sentence()
        while self._chance(0.35) and len(text) < 600:
            more, marks = self.sentence()
            text += self._one([" ", " ", " ", "\n", "\n\n"])
            found = [*found, *((len(text) + start, len(text) + end, kind) for start, end, kind in marks)]
            text += more
        return text, found

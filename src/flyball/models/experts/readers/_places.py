"""States and countries whose law contracts choose: usual English name, ISO 3166 code, other names."""

__all__ = ["CODES", "NAMES"]

_PLACES = """
Alabama|US-AL
Alaska|US-AK
Arizona|US-AZ
Arkansas|US-AR
California|US-CA|Californian
Colorado|US-CO
Connecticut|US-CT
Delaware|US-DE
District of Columbia|US-DC|Washington, D.C.|Washington D.C.|Washington, DC|Washington DC
Florida|US-FL
Georgia|US-GA
Hawaii|US-HI
Idaho|US-ID
Illinois|US-IL
Indiana|US-IN
Iowa|US-IA
Kansas|US-KS
Kentucky|US-KY
Louisiana|US-LA
Maine|US-ME
Maryland|US-MD
Massachusetts|US-MA
Michigan|US-MI
Minnesota|US-MN
Mississippi|US-MS
Missouri|US-MO
Montana|US-MT
Nebraska|US-NE
Nevada|US-NV
New Hampshire|US-NH
New Jersey|US-NJ
New Mexico|US-NM
New York|US-NY|NY
North Carolina|US-NC
North Dakota|US-ND
Ohio|US-OH
Oklahoma|US-OK
Oregon|US-OR
Pennsylvania|US-PA
Puerto Rico|US-PR
Rhode Island|US-RI
South Carolina|US-SC
South Dakota|US-SD
Tennessee|US-TN
Texas|US-TX|Texan
Utah|US-UT
Vermont|US-VT
Virginia|US-VA
Washington|US-WA
West Virginia|US-WV
Wisconsin|US-WI
Wyoming|US-WY
United States|US|United States of America|U.S.A.|USA|U.S.
Alberta|CA-AB
British Columbia|CA-BC
Manitoba|CA-MB
New Brunswick|CA-NB
Newfoundland and Labrador|CA-NL
Nova Scotia|CA-NS
Ontario|CA-ON
Prince Edward Island|CA-PE
Quebec|CA-QC|Québec
Saskatchewan|CA-SK
Canada|CA|Canadian
England and Wales|GB-EAW|England & Wales|England|English
Scotland|GB-SCT|Scottish|Scots
Northern Ireland|GB-NIR
Wales|GB-WLS|Welsh
United Kingdom|GB|Great Britain|British
Jersey|JE
Guernsey|GG
Isle of Man|IM
Ireland|IE|Irish
Germany|DE|German|Federal Republic of Germany
France|FR|French|French Republic
Netherlands|NL|Dutch|the Netherlands
Belgium|BE|Belgian
Luxembourg|LU
Austria|AT|Austrian
Switzerland|CH|Swiss
Liechtenstein|LI
Italy|IT|Italian
Spain|ES|Spanish
Portugal|PT|Portuguese
Denmark|DK|Danish
Sweden|SE|Swedish
Norway|NO|Norwegian
Finland|FI|Finnish
Iceland|IS|Icelandic
Poland|PL|Polish
Czech Republic|CZ|Czechia|Czech
Slovakia|SK|Slovak
Hungary|HU|Hungarian
Slovenia|SI|Slovenian
Croatia|HR|Croatian
Romania|RO|Romanian
Bulgaria|BG|Bulgarian
Greece|GR|Greek|Hellenic Republic
Cyprus|CY|Cypriot
Malta|MT|Maltese
Estonia|EE|Estonian
Latvia|LV|Latvian
Lithuania|LT|Lithuanian
Türkiye|TR|Turkey|Turkish
Israel|IL|Israeli|State of Israel
Japan|JP|Japanese
Korea|KR|South Korea|Korean|Republic of Korea
China|CN|People's Republic of China|Chinese|PRC|P.R.C.
Hong Kong|HK
Taiwan|TW|Taiwanese
Singapore|SG|Singaporean
Malaysia|MY|Malaysian
Thailand|TH|Thai
Indonesia|ID|Indonesian
Philippines|PH|Philippine
Vietnam|VN|Vietnamese
India|IN|Indian
United Arab Emirates|AE|UAE
Dubai International Financial Centre|AE-DU|DIFC
Saudi Arabia|SA
Australia|AU|Australian
New South Wales|AU-NSW
Victoria|AU-VIC
Queensland|AU-QLD
Western Australia|AU-WA
South Australia|AU-SA
New Zealand|NZ
South Africa|ZA|South African
Brazil|BR|Brazilian
Mexico|MX|Mexican
Argentina|AR|Argentine|Argentinian
Chile|CL|Chilean
Colombia|CO|Colombian
Peru|PE|Peruvian
Panama|PA|Panamanian
Bermuda|BM
Cayman Islands|KY
British Virgin Islands|VG|BVI
Bahamas|BS
Barbados|BB
Mauritius|MU
"""

_ROWS = [line.split("|") for line in _PLACES.strip().splitlines()]

CODES: dict[str, str] = {name: code for name, code, *_ in _ROWS}
"""ISO 3166 code by usual name."""

NAMES: dict[str, str] = {other.casefold(): name for name, _, *others in _ROWS for other in (name, *others)}
"""Usual name by any name, without capitals."""

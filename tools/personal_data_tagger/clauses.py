"""Clauses that are put together at random: who, does what, with whom, where."""

# ruff: noqa: E501, SIM905 - lists of words are easier to read and to add to as they stand

__all__ = ["CLAUSES", "PARTS"]

CLAUSES = """
<who> <does>.
<who> <does> <where>.
<who> <does>, but <who> <does>.
<who> <does> and <does> <when>.
<when>, <who> <does> <where>.
I think <who> <does>.
Why does nobody believe that <who> <does>?
Did you know that <who> <does>?
My <kin> <who> <does>.
<who>, my <kin>, <does> <where>.
The <kin> of <who> <does>.
<who> and <who> <pluraldo>.
<who>, <who> and <who> <pluraldo> <where>.
Both <who> and <who> <pluraldo>.
<says> <who>.
<says> <who> <when>.
<says> <who> and <who>.
<says> <who>'s <thing>.
<who>'s <thing> is <state>.
<who>'s <thing> was found <where>.
What is <who>'s <thing>?
This is the <thing> of <who>.
Here is the <thing> that <who> asked for:
Here comes <who>'s <thing>:
The <thing> by <who> is <state>.
The <thing>, written by <who>, is <state>.
The <thing> was made by <who> with <who> and <who>.
A <thing> from <who> to <who>.
<org> <orgdoes>.
<org> <orgdoes> <where>.
<org> is a {job}'s dream.
<org> was the idea of <who> and <who>.
Last year <who> was at <org> in {PLACE}; before that, at <org>.
<who>\\n{job}\\n<org>\\n{ADDRESS}
<org>, formerly <org>, <orgdoes>.
I saw <who> and <who> play {NRP} music.
Tickets for <who> and the <thing> cost {money}.
<org> <orgdoes>, while <org> <orgdoes>.
<who> <worked> <org>.
<who> <worked> <org> <when>.
<who> <worked> <org> and <org>.
<who> from <org> <does>.
<who> (<org>) <does>.
<who> of <org> <does> <where>.
<says> <org>.
The <org> <orgthing> is <state>.
The <org> <orgthing> <where> is <state>.
An <org> <orgthing> costs {money}.
<org>'s <orgthing> is <state>.
Our <orgthing> with <org> ends <when>.
I have a <orgthing> with <org>.
They bought a <orgthing> from <org>.
The merger of <org> with <org> is <state>.
<org>, later called <org>, <orgdoes>.
{PLACE} is <state>.
{PLACE} is <state> <when>.
{PLACE}'s <placething> is <state>.
The <placething> of {PLACE} is <state>.
A <placething> in {PLACE} is <state>.
I <travel> {PLACE}.
We <travel> {PLACE} <when>.
We <travel> {PLACE}, {PLACE} and {PLACE}.
<who> <travelled> {PLACE}.
<who> <travelled> {PLACE} and <does>.
The <nrpthing> is {NRP}.
A {NRP} <kin> <does>.
The {NRP} <nrpthing> is <state>.
I like {NRP} <nrpthing>s.
Two {NRPS} <pluraldo> <where>.
I am {NRP} and my <kin> is {NRP}.
<who>, a {NRP} {job}, <does>.
As a {NRP}, I <travel> {PLACE}.
{TITLE} {LAST} <does>.
{TITLE} {LAST} <does> <where>.
<says> {TITLE} {LAST}.
{TITLE} {LAST}'s <thing> is <state>.
Is {TITLE} {LAST} a {job}?
The {job} {PERSON} <does>.
<concept> and <concept> are <state>.
<concept> is <state>.
The <concept> of <concept> is <state>.
People talk about <concept> all day.
We sell <concept>, <concept> and <concept>.
Read <concept> before <concept>.
I watched {phrase} <when>.
"{phrase}" by {PERSON} is <state>.
"{phrase}" is <state>.
{phrase} is a film from {year}.
{phrase} is a book by {PERSON}.
{phrase} is the name of a ship.
The {phrase} sailed from {PLACE} to {PLACE} <when>.
Chapter {num}: {phrase}
{phrase}: what you should know
Have you read {phrase}?
The {phrase} <when> was <state>.
People say {phrase}, but I say {phrase}.
<when>, {phrase} came out.
We use {phrase} and {phrase} every day.
My {phrase} stopped working <when>.
<org>'s <thing> is <state>.
I got a letter from <org> <when>.
Tell <org> that the <thing> is <state>.
What is the <thing> of <org>?
<org> told me that <who> <does>.
My <orgthing> at <org> is <state>.
Does <org> take <orgthing>s from {PLACE}?
Nobody at <org> <does>.
<org>, <org> and <org> were fined.
Compared with <org>, <org> is <state>.
The {job} of <org> <does>.
<who> told <org> about <org>.
I paid <org> {money} <when>.
<org> said it would close its <orgthing> in {PLACE}.
Invoice from <org>
Thank you for calling <org>.
<who> <worked> <org>, {ADDRESS}
Winners: {LAST}, {LAST} and {LAST}.
The authors of the <thing> are {LAST}, {LAST} and {LAST}.
Members present: {LAST}, {LAST}, {LAST}, {LAST}
{LAST} and {LAST} <pluraldo>.
{LAST}, {LAST} and {LAST} <pluraldo> <where>.
The <thing> by {LAST} and {LAST} is <state>.
with {PERSON} and {LAST}
<who>\\n\\n{ADDRESS}
<who>\\n\\n{ADDRESS}\\n\\n{phone}
{PERSON} {ADDRESS} {phone}
{TITLE} {PERSON} {ADDRESS}
{TITLE} {PERSON}\\n{ADDRESS}
<who>: {ADDRESS}
<who>\\n{ORG}\\n{ADDRESS}\\n{phone} fax\\n{phone} home
We are to meet at {ORG}, {ADDRESS}.
See you <when> at {ORG}, {ADDRESS}
The new office of {ORG} is at {ADDRESS}.
<who> is from {ORG}.
<who> <worked> {ORG} in {PLACE}, now called {ORG}.
I am in {PLACE} for a <thing>.
<org>\\n{ADDRESS}
<who>\\n{ADDRESS}
<org>, {ADDRESS}
<org> <orgdoes> at {ADDRESS}.
The <orgthing> of <org> at {ADDRESS} is <state>.
<who> <does> at {ADDRESS}.
<who>'s <thing> is at {ADDRESS}.
<who>'s house:\\n\\n{ADDRESS}
<who> is staying at {ADDRESS}. <who> <does>.
Come to {ADDRESS} <when>.
There is a fire at {ADDRESS}.
{ADDRESS} is <state>.
I bought {ADDRESS} <when>.
The number of <who> is {phone}.
<who>, {phone}
<org>: {phone}
{phone} is the number of <org>.
{email} belongs to <who>.
<who> paid with {card}.
<who> sent {money} to {iban}.
""".strip().splitlines()

PARTS: dict[str, list[str]] = {
    "who": ["{FIRST}"] * 7 + ["{PERSON}"] * 5 + ["{LAST}"] * 4 + ["{TITLE} {LAST}"],
    "org": ["{ORG}"],
    "does": """sings beautifully|is late again|has two children|never drinks coffee|bought a used car|is a {job}
became a {job} in {year}|works as a {job}|works for {ORG}|moved to {PLACE}|comes from {PLACE}|was born in {PLACE}
likes to swim|plays the piano|is {num} years old|turned {num} last {month}|was a friend of {PERSON}|married {PERSON}
is the sister of {FIRST}|can be trusted|knows the way|wants to leave|asked for a raise|cooks on Sundays|lost a lot of money
won the first prize|reads the paper|does not speak {NRP}|has a {NRP} passport|is looking for a flat|fell ill
signed the papers|spoke first|was promoted|made a mistake|paints houses|wrote the second chapter|played the lead role
left the band|is often tired|seems angry|is kind to everyone|was elected in {year}|was fired|called me|sent me {money}
owes me {money}|forgot the keys|repaired the engine|is waiting outside|is known for being early|teaches physics
spent two months at {ORG}|did an internship at {ORG}|studied at {ORG}|left {ORG}|founded {ORG}""".replace(
        "\n", "|"
    ).split("|"),
    "pluraldo": """were late|got married|are cousins|met at school|are old friends|founded {ORG}|live together|never agree
are on the phone|were engineers|wrote the report|went to {PLACE}|have the same birthday|work at {ORG}""".replace(
        "\n", "|"
    ).split("|"),
    "where": """in {PLACE}|near {PLACE}|in the garden|at home|at {ORG}|outside {PLACE}|on {STREETONLY}|at {ADDRESS}
in {PLACE}, {PLACE}|at the station|in the {NRP} embassy|across the river|from {PLACE}|to {PLACE}""".replace(
        "\n", "|"
    ).split("|"),
    "when": """on {day}|in {month}|in {year}|yesterday|last night|on {date}|after lunch|at {time}|two weeks ago|Today
In {year}|On {date}|Later|Last {month}|this morning|next {day}|every day|Before the war|until {date}""".replace(
        "\n", "|"
    ).split("|"),
    "kin": "brother|sister|friend|uncle|aunt|neighbour|wife|husband|son|daughter|boss|colleague|lawyer|dentist|cousin|teacher|man|woman|student".split(
        "|"
    ),
    "says": """Please ask|I met|Say hello to|We are waiting for|Nobody likes|Remember|I am|This is|You should call
I got it from|It was|Her name is|His name was|They named the baby|Have you seen|Thank|The letter is for|Speak to
Let me introduce|Everyone knows|I work with|Happy birthday|Good luck|Good night|I was told by|The winner is|Signed
It belongs to|Help|Look at|The company hired|a story about|a song for|starring|directed by|according to""".replace(
        "\n", "|"
    ).split("|"),
    "thing": "address|house|car|bag|birthday|phone number|book|film|song|album|report|letter|bicycle|account|résumé|passport|novel|play|story|painting|contract".split(
        "|"
    ),
    "state": """open|closed|too expensive|on fire|quite nice|under construction|not important|hard to find|well known|empty
ready|overrated|for sale|full of tourists|boring|a mess|famous|far away|beautiful|two hours away|useful|late""".replace(
        "\n", "|"
    ).split("|"),
    "orgdoes": """is hiring|closed its doors|was sold|raised {money}|went bankrupt|makes shoes|sells insurance|builds bridges
was fined {money}|opened in {PLACE}|moved to {PLACE}|belongs to {ORG}|bought {ORG}|sued {ORG}|pays well|never answers
publishes data about the weather|is a {NRP} company|helps small farmers|charges {money}|was founded by {PERSON}
has its head office|is owned by {PERSON}|employs {num} people|announced a loss|lost my order|cancelled my flight
trades in coffee|provides software to banks|merged with {ORG}|offers loans""".replace("\n", "|").split("|"),
    "worked": "works at|worked for|left|joined|is with|was an intern at|runs|founded|used to work at|is employed by|applied to|sold|sued|is the {job} of|spent {num} months at|was hired by|is from".split(
        "|"
    ),
    "orgthing": "office|store|branch|contract|account|website|app|shop|warehouse|headquarters|card|customer service|report|team|building|campus|policy|subscription".split(
        "|"
    ),
    "placething": "mayor|airport|old town|weather|university|harbour|hotel|economy|train station|border|king|flag|currency|population|museum".split(
        "|"
    ),
    "travel": "flew to|drove through|love|have never been to|moved to|live in|come from|landed in|visited|am in|grew up in|want to see|took the bus to|was born in|returned from|got lost in|walked across".split(
        "|"
    ),
    "travelled": "flew to|lives in|moved to|was seen in|died in|went to|is from|escaped to|arrived from|studied in|never left".split(
        "|"
    ),
    "nrpthing": "restaurant|embassy|army|team|language|flag|accent|song|film|president|government|king|dish|company|artist".split(
        "|"
    ),
    "concept": """Freedom|Honour|Patience|Customer Support|Human Resources|Machine Learning|Credit Cards|Savings|Mortgages
Justice|Terms of Use|Annual Report|Breakfast|Marketing|Quality|Personal Data|Accounts Payable|Love|Fear|Truth|Hope|Science
Online Banking|Safety First|Public Relations|Information|Support|Windows|Jazz|Rock|Football|Christmas|Easter|Summer
Agreement|Products|Services|Effective Date|Intellectual Property|Confidentiality|Articles|Exhibits""".replace(
        "\n", "|"
    ).split("|"),
}

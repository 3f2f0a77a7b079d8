"""Sentences with slots, written for the training of the tagger.

A slot in capitals is a finding; one in small letters is filled with something that is none.
"""

__all__ = ["TEMPLATES"]

_SERVICE = r"""
Hello, this is {PERSON} speaking, how may I help?
Hi {FIRST}, thanks for getting back to me so quickly.
Dear {TITLE} {LAST}, your parcel left {PLACE} on {date} and will arrive {day}.
Dear {TITLE} {PERSON}, we regret to inform you that the claim was declined.
Dear {PERSON}, we have received your application of {date}.
Good morning {FIRST}, the plumber will come between {time} and {time}.
{FIRST} here. I never received the second invoice.
The account belongs to {PERSON} and was opened in {PLACE}.
Customer: {PERSON}. Problem: the router restarts every night.
Please ship the order to {ADDRESS}. Leave it with the neighbour if nobody is at home.
Please deliver it here:\n{ADDRESS}
I moved last month. My new address is {ADDRESS}.
We moved from {ADDRESS} to {ADDRESS} in {month}.
Our shop at {ADDRESS} will be closed on {day}.
My address: {ADDRESS}
Send the letter to {PERSON}, {ADDRESS}.
Send a replacement key to {PERSON}\n{ADDRESS}
Deliver to: {PERSON}\n{ADDRESS}\n{phone}
Bill to {ORG}, {ADDRESS}, attention {PERSON}.
{PERSON}\n{ORG}\n{ADDRESS}
{ORG}\n{ADDRESS}\nPhone: {phone}
Name: {PERSON}\nAddress: {ADDRESS}\nPhone: {phone}\nEmail: {email}
First name: {FIRST}\nLast name: {LAST}\nCity: {PLACE}
Surname: {LAST}\nGiven name: {FIRST}\nNationality: {NRP}
Patient {PERSON}, born {date}, lives in {PLACE}.
Applicant: {PERSON}; employer: {ORG}; country of birth: {PLACE}
Guest name {PERSON}, checking in {date}, room {num}.
Cardholder {PERSON}, card {card}, expires {num}/{num}.
Is it true that {ORG} charges {money} for a blocked card?
Why was my card {card} refused at the {ORG} store in {PLACE}?
Can you cancel card number {card}? My name is {PERSON}.
Could you wire {money} to {iban}, account of {PERSON}, before {day}?
The beneficiary is {PERSON}, IBAN {iban}, bank {ORG}.
You can reach me at {phone} or write to {email}. Regards, {FIRST}
Best wishes,\n{PERSON}
Kind regards,\n{PERSON}\n{job}, {ORG}
Sincerely,\n{TITLE} {PERSON}\n{ADDRESS}
Thanks!\n{FIRST} {LAST}\n{ORG}\n{phone}
Yours faithfully,\n\n{PERSON}\n{job}
From: {PERSON} <{email}>\nTo: {PERSON} <{email}>\nSubject: Meeting in {PLACE}
Hi, I am {PERSON} and I live at {ADDRESS}.
Somebody called {FIRST} answered and said the order was cancelled.
I talked to {FIRST} in your {PLACE} office, who told me to call {phone}.
My husband {FIRST} and I would like to open a joint account.
Add my daughter {PERSON} to the policy, please.
My mother {FIRST} lives in {PLACE} and needs a new card.
Please remove {PERSON} from the list and add {PERSON} instead.
Who is responsible for {PLACE}, {FIRST} or {FIRST}?
Is {FIRST} there? It's {FIRST} from {ORG}.
The technician, {TITLE} {LAST}, forgot his tools.
{TITLE} {LAST} will see you now.
Ask {TITLE} {LAST} at the front desk.
Book a table for {TITLE} {LAST} at {time}.
Can I change the name on the contract from {PERSON} to {PERSON}?
Could you tell me the opening hours of the branch in {PLACE}?
Which of your branches is nearest to {ADDRESS}?
How do I get to {ADDRESS} from the airport?
Is there a cash machine near {ADDRESS}?
Do you deliver to {PLACE}? I am in {PLACE} until {date}.
I have lived in {PLACE}, {PLACE} for {num} years.
I'm calling from {PLACE}. What does a transfer to {PLACE} cost?
Will the card work in {PLACE} and {PLACE}?
My flight from {PLACE} to {PLACE} was cancelled by {ORG}.
I was born in {PLACE} on {date}.
Does {ORG} have an office in {PLACE}?
I work for {ORG} as a {job}.
My employer is {ORG}.
I used to be a {job} at {ORG} in {PLACE}.
The invoice of {ORG} is wrong again.
I bought it on {url} from a seller called {ORG}.
My e-mail is {email}, my phone {phone}.
My social security number is {ssn} and my name is {PERSON}.
The licence {num} was issued to {PERSON} of {PLACE}.
Please update the address on file to {ADDRESS}, effective {date}.
Forward all mail for {PERSON} to {ADDRESS} until further notice.
{PERSON} asked us to change the delivery to {ADDRESS}.
The flat is at {ADDRESS}, second door on the left.
We will meet at {ADDRESS} at {time}.
The house number is {STREETNO} and the street is {STREETONLY}.
She lives on {STREETONLY} in {PLACE}.
The accident happened at the corner of {STREETONLY} and {STREETONLY}.
Turn right into {STREETONLY} and stop in front of number {num}.
Street: {STREETONLY}\nCity: {PLACE}\nCountry: {PLACE}
Zip: {num}\nCity: {PLACE}\nState: {PLACE}
Returned: {ADDRESS} (unknown recipient)
What will it cost to send two boxes from {PLACE} to {ADDRESS}?
"""

_NEWS = r"""
{PERSON}, the {job} of {ORG}, resigned on {day}.
{PERSON} was born in {PLACE} and grew up in {PLACE}.
{PERSON} and {PERSON} met in {PLACE} in {year}.
{PERSON} (born {date}) is a {NRP} {job}.
{LAST} said that the talks with {ORG} had failed.
"{shortquote}," said {PERSON}, a spokesman for {ORG}.
"{shortquote}," {LAST} told reporters in {PLACE}.
The {NRP} government announced on {day} that it would leave the agreement.
{NRP} and {NRP} officials met in {PLACE} to discuss the border.
The {NRP} president flew to {PLACE} on {day}.
{NRPS} make up a third of the population of {PLACE}.
Many {NRPS} live in {PLACE}.
The {NRP} restaurant next to {ORG} is closed.
He speaks with a {NRP} accent.
She is {NRP}, her husband is {NRP}.
They were looking for a {NRP} {job}.
An old {NRP} song was playing while {FIRST} cooked.
Shares of {ORG} fell {num} percent after {ORG} cut its forecast.
{ORG} will buy {ORG} for {money}.
{ORG} and {ORG} announced a joint venture in {PLACE}.
{ORG}, based in {PLACE}, employs {num} people.
{ORG} was founded in {year} by {PERSON} and {PERSON}.
{ORG} opened a new office in {PLACE} last {month}.
{ORG} says it will hire {num} people.
{ORG} is a company in {PLACE} that makes software for hospitals.
{ORG} offers cheap loans.
In {year} {ORG} changed its name to {ORG}.
Analysts at {ORG} expect a loss.
According to {ORG}, prices in {PLACE} rose by {num} percent.
A court in {PLACE} ruled against {ORG} on {day}.
Police in {PLACE} arrested {PERSON}, {num}, near {STREETONLY}.
Heavy rain flooded parts of {PLACE} and {PLACE}.
Trains between {PLACE} and {PLACE} are delayed.
The match between {PLACE} and {PLACE} ended {num}-{num}.
{FIRST} scored twice for {PLACE}.
{PERSON} won the race ahead of {PERSON} and {PERSON}.
The mayor of {PLACE}, {PERSON}, opened the bridge.
Professor {PERSON} of the {ORG} in {PLACE} led the study.
{TITLE} {LAST} studied medicine in {PLACE} and law at {ORG}.
The film was directed by {PERSON} and stars {PERSON}.
{PERSON}'s first novel is set in {PLACE}.
{FIRST}'s brother moved to {PLACE}.
{LAST}'s lawyer did not answer.
{PLACE}'s parliament voted on {day}.
{ORG}'s latest product costs {money}.
After the concert in {PLACE}, {FIRST} and {FIRST} drove to {PLACE}.
In {PLACE}, the price of bread doubled.
From {PLACE}, she took the night train to {PLACE}.
North of {PLACE} the road is closed.
The river rises in {PLACE} and flows through {PLACE}, {PLACE} and {PLACE}.
Exports from {PLACE} to {PLACE} rose in {month}.
They spent their holidays in {PLACE}.
It was warmer in {PLACE} than in {PLACE} on {day}.
Nobody in {PLACE} remembered {PERSON}.
The song made {PERSON} famous in {PLACE}.
{FIRST}, {FIRST} and {FIRST} formed the band in {PLACE}.
{FIRST} loves {FIRST}, but {FIRST} does not know.
Oh {FIRST}, why did you leave?
Come back to {PLACE}, {FIRST}!
Don't worry, {FIRST}.
Well, {FIRST}, that is how it goes in {PLACE}.
Where is {FIRST} now?
Let {FIRST} decide.
Tell {FIRST} that I said hello.
Everybody was waiting for {FIRST}.
When {FIRST} came home, the lights were out.
{FIRST} never wanted to see {PLACE} again.
I saw {FIRST} with {FIRST} in {PLACE} yesterday.
You can't trust {FIRST}, said {LAST}.
The second track is about a girl named {FIRST}.
A man called {PERSON} built the first one in {year}.
He wrote a letter to {PERSON} from {PLACE}.
{PERSON}, {PERSON} and {PERSON} were also there.
{PERSON} - {job}
{PERSON} | {job} | {ORG}
Written by {PERSON}. Photographs by {PERSON}.
By {PERSON} in {PLACE}
{PLACE} ({ORG}) - The government said on {day} it would cut taxes.
{PLACE}, {date} - {ORG} today reported results.
Contact: {PERSON}, {ORG}, {phone}, {email}
Press contact\n{PERSON}\n{ORG}\n{ADDRESS}\n{email}
"""

_LEGAL = r"""
This Agreement is made on {date} between {ORG} and {ORG}.
This Lease is entered into by and between {PERSON} ("Landlord") and {PERSON} ("Tenant").
THIS AGREEMENT is between {ORG}, a {PLACE} corporation (the "Company"), and {PERSON} (the "Executive").
{ORG}, a company incorporated in {PLACE} with its registered office at {ADDRESS} (the "Supplier").
Notices to {ORG} shall be sent to {ADDRESS}, Attention: {PERSON}.
If to the Company: {ORG}\n{ADDRESS}\nAttn: {PERSON}
This Agreement is governed by the laws of {PLACE}.
This Agreement shall be governed by and construed under the laws of the State of {PLACE}.
The courts of {PLACE} shall have exclusive jurisdiction.
The parties submit to the courts of {PLACE}, {PLACE}.
IN WITNESS WHEREOF, the parties have executed this Agreement.\n{ORG}\nBy: {PERSON}\nTitle: {job}
By: /s/ {PERSON}\nName: {PERSON}\nTitle: {job}
Signed by {PERSON} on behalf of {ORG}
The plaintiff, {PERSON}, lives in {PLACE}.
{LAST} v. {LAST} was decided in {year}.
{PERSON} v. {ORG}, {num} F. {num}
Counsel for {ORG}: {PERSON}, {ORG}, {PLACE}.
Witness {PERSON} testified that {TITLE} {LAST} was not in {PLACE}.
Mr and Mrs {LAST} own the land at {ADDRESS}.
The will of {PERSON}, late of {PLACE}, was proved on {date}.
{PERSON} shall report to {PERSON}, the {job} of {ORG}.
{ORG} hereby assigns to {ORG} all rights in the Marks.
Neither {ORG} nor {ORG} shall be liable for indirect damages.
The Territory means {PLACE}, {PLACE} and {PLACE}.
The Products may be sold in {PLACE} only.
Schedule A: Employees\n{PERSON}\n{PERSON}\n{PERSON}
{PERSON} holds {num} shares of {ORG}.
Loan number {num} to {PERSON}, {ADDRESS}, in the amount of {money}.
The premises at {ADDRESS} are leased to {ORG}.
"""

_WORK = r"""
Meeting with {FIRST} and {FIRST} from {ORG} moved to {day}.
{FIRST}, can you send the slides to {PERSON} at {ORG}?
@{FIRST} please review.
I'll be in {PLACE} with {FIRST} on {day}.
{PERSON} joined {ORG} as {job} in {month} {year}.
Congratulations to {PERSON} on her promotion to {job}!
New hire: {PERSON}, {job}, starts {date} in {PLACE}.
Interview notes, {PERSON}, {date}: worked at {ORG} and {ORG}.
{PERSON} studied at {ORG} and then moved to {PLACE}.
Experience: {job}, {ORG}, {PLACE}
Education: {ORG}, {PLACE}
References: {PERSON} ({ORG}), {PERSON} ({ORG})
cc {FIRST}, {FIRST}, {LAST}
To {PERSON}: call {phone} today.
{FIRST} wrote: the server in {PLACE} is down again.
On {date}, {PERSON} <{email}> wrote:
User {PERSON} logged in from {ip} ({PLACE}).
Ticket opened by {PERSON} ({email}) from {PLACE}.
Driver {PERSON}, truck {num}, from {PLACE} to {PLACE}.
Attendees: {PERSON}, {PERSON}, {PERSON}, {TITLE} {LAST}
Dr {LAST} referred the patient to {TITLE} {PERSON} at {ORG}.
{TITLE} {LAST} is a {num} year old {NRP} woman from {PLACE}.
Pt {PERSON}, seen by {TITLE} {LAST} on {date} at {ORG}.
Nurse {LAST} called {TITLE} {LAST} at {time}.
The patient, a {NRP} {job}, lives alone at {ADDRESS}.
Emergency contact: {PERSON} (wife), {phone}
Next of kin {PERSON}, {ADDRESS}
{PERSON},{LAST},{PLACE},{ORG},{phone}
{LAST}, {FIRST}
{LAST}, {FIRST}; {LAST}, {FIRST}
1. {PERSON}\n2. {PERSON}\n3. {PERSON}
{PERSON}\t{PLACE}\t{ORG}
name={PERSON}; city={PLACE}; employer={ORG}
{PERSON}
{PLACE}
{ORG}
{ADDRESS}
{FIRST}
{PLACE}, {PLACE}
I'm {FIRST}.
I am {PERSON}.
My name is {PERSON}, I am {num} years old and come from {PLACE}.
My name is {FIRST}. You can call me {FIRST}.
They call me {FIRST}, but on paper I am {PERSON}.
It is spelled {LAST}, not {LAST}.
How do you spell {LAST}?
Have you ever been to {PLACE}?
What time is it in {PLACE}?
What is the capital of {PLACE}? It is {PLACE}.
Who owns {ORG}?
Does anyone here work at {ORG} or {ORG}?
I applied for a job at {ORG} in {PLACE}.
Have you heard of {ORG}? They sell insurance.
Our client {ORG} wants a meeting in {PLACE}.
We are a small team at {ORG}, mostly {NRPS}.
He switched from {ORG} to {ORG}.
{FIRST} left {ORG} because {FIRST} did.
Sold to {ORG} in {PLACE} for {money}.
A partner of {ORG} for {num} years, {PERSON} lives in {PLACE}.
lives in {PLACE}
works at {ORG}
married to {PERSON}
"""

_NONE = r"""
The quick answer is no.
Please press One for English or Two for more options.
Your Order Confirmation and Delivery Note are attached.
Terms and Conditions apply. See the Privacy Policy for details.
Chapter {num}: Introduction to Data Science
The Internet, the World Wide Web and E-mail changed how we work.
I bought a Toyota and a Samsung phone on {day}.
Happy Birthday! Merry Christmas! Happy New Year!
Next {day} is a bank holiday.
Monday, Tuesday and Wednesday are busy; Thursday is not.
In {month} {year} the project was finished.
We need the report by {date} at {time}.
Error {num}: File Not Found
Step {num}. Open Settings, choose Account and click Delete.
Section {num}.{num} Confidential Information. The Receiving Party shall not disclose Confidential Information.
The Company, the Buyer and the Seller agree as follows.
The Tenant shall pay the Rent on the first Business Day of each month.
Invoice No. {num}, Due Date {date}, Amount {money}
Total: {money}. Payment Method: Credit Card.
My card number is {card} and it does not work.
Please transfer {money} to {iban}.
Call {phone} now!
Visit {url} for more.
Write to {email}.
The server at {ip} is down.
SSN {ssn}
What is the balance on my account?
How much is a Premium Account?
Can I increase my limit?
Where can I find the PIN?
Why is my payment still pending?
Thank You for your order!
Not at all. Certainly. Perhaps. However, it rained.
God knows why.
Yes, I would like to cancel. No, thanks.
It costs {money}, which is {num}% more than in {year}.
The CEO, the CFO and the Board of Directors met on {day}.
I need a Visa for the trip.
He lost his Passport and his Driver License.
The President of the Company signed the Board Resolution.
Dear Sir or Madam, To Whom It May Concern,
Dear Customer, Dear Friends, Dear Colleagues,
Hello World! Good Morning! Good Night!
Our Sales Team and Customer Service work from {time} to {time}.
This is the best Album of the Year.
The Song of the Summer is out now.
Great Movie, Terrible Ending.
Bluetooth, Wi-Fi and USB are supported.
The Java class extends the Python module.
Figure {num} shows the results. Table {num} lists them.
Mathematics, Physics and Chemistry are taught in English.
Earth and Mars go round the Sun.
COVID tests are free.
VAT, IBAN, SWIFT and BIC are required.
"""


def _lines(*blocks: str) -> tuple[str, ...]:
    return tuple(
        line.replace("\\n", "\n").replace("\\t", "\t")
        for block in blocks
        for line in block.strip().splitlines()
        if line
    )


TEMPLATES: tuple[str, ...] = _lines(_SERVICE, _NEWS, _LEGAL, _WORK, _NONE)

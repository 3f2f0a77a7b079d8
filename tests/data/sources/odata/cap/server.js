// Speaks OData V2 beside V4, and fills the tables with rows that follow from their number.
const cds = require("@sap/cds");
const v2 = require("@cap-js-community/odata-v2-adapter");

cds.on("bootstrap", (app) => app.use(v2()));

cds.on("served", async () => {
  const { Accounts, Items } = cds.entities("flyball");
  const two = (number) => String(number).padStart(2, "0");
  const accounts = [], items = [];
  for (let n = 0; n < 100; n++) {
    accounts.push({
      ID: n,
      name: n % 3 ? `Holder ${n} o'Neil` : null,
      balance: `${n * 1000 + n}.${two(n)}`,
      rate: n % 2 ? `${n}.0625` : null,
      big: String(9007199254740993n + BigInt(n)),
      small: -n,
      tiny: n,
      opened: n % 5 ? `2020-02-${two(1 + (n % 28))}` : null,
      at: `13:${two(n % 60)}:59`,
      seen: `2026-01-01T00:${two(n % 60)}:00Z`,
      changed: `2026-03-01T12:${two(Math.floor(n / 10))}:00.123Z`,
      flag: n % 2 === 0,
      ratio: n / 7,
      blob: Buffer.from([250 + (n % 6), 255, n]).toString("base64"),
      place_city: `C${n}`,
      place_zip: n,
      grade: n % 2 ? "bad" : "good",
    });
    items.push({
      order: `A${two(n % 50)}`,
      pos: n,
      token: `00000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`,
      amount: `${n}.125`,
      account_ID: n,
    });
  }
  await INSERT.into(Accounts).entries(accounts);
  await INSERT.into(Items).entries(items);
});
module.exports = cds.server;

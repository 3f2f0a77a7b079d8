// A small ledger of our own, with every type that a service can give.
namespace flyball;

type Place { city : String(40); zip : Integer; }

entity Accounts {
  key ID       : Integer;
  name         : String(80);
  balance      : Decimal(15, 2);
  rate         : Decimal;
  big          : Int64;
  small        : Int16;
  tiny         : UInt8;
  opened       : Date;
  at           : Time;
  seen         : DateTime;
  changed      : Timestamp;
  flag         : Boolean;
  ratio        : Double;
  blob         : Binary(16);
  place        : Place;
  grade        : String enum { good; bad; };
  items        : Composition of many Items on items.account = $self;
}

entity Items {
  key order    : String(10);
  key pos      : Integer;
  token        : UUID;
  amount       : Decimal(9, 3);
  account      : Association to Accounts;
}

@path: 'ledger'
service Ledger {
  @cds.query.limit: 40
  entity Accounts as projection on flyball.Accounts;
  entity Items as projection on flyball.Items;
}

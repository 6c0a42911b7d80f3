package ledger

// CheckIn is Check within a transaction.
var CheckIn = (*Book).check

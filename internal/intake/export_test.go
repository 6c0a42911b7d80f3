package intake

// Turn is turn for tests.
var Turn = turn

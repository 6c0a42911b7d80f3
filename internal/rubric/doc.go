// Package rubric is how people judge: rubrics in content/rubrics as data, and what the sheets of several judges come to.
//
// A rubric has items with a maximum, a step and a weight. A sheet gives points to every item; its total is the weighted
// sum. The sheets of a panel are combined as the rubric declares, by their mean or by the mean without the highest and the
// lowest, and rounded once, as declared. Everything is exact: points are whole ten-thousandths, weights are fractions, and
// the order of sheets and of items never matters. An item is combined for itself by the same rule, so that two totals
// that are equal can be told apart by an item.
//
// A rubric is pinned by the hash of its file: whoever scored by one keeps its bytes (Rubric.Bytes) and reads them again
// with Parse. The package stores nothing and knows neither who judges nor what is judged.
package rubric

// Package period holds legal dates and the spans that facts are about: a year, a half, a quarter, a month, the year up
// to a month, a day, or always.
//
// It also counts in working days, by a calendar of public holidays and of the weekends that are worked for them.
//
// It promises one text for each, which sorts and reads back as the same (2023, 2023H1, 2023Q2, 2023-08, 2023YTD08,
// 2023-08-31), and days that are whole numbers and know no zone.
//
// It leaves to others: what today is (clock), what is ordained for which year (content), how senders write dates and
// periods (sheet), and which period a figure is given for (content).
package period

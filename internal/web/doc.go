// Package web is the pages: it asks, shows and translates, and decides nothing. A page is a templ component that
// takes what it draws; a handler returns an error and one place answers it. Every read goes through the visitor's
// access.Scope; everything a visitor sees is in Chinese or English, chosen in the page.
//
// Pages work without a script; htmx adds ease. Nothing is loaded from another host, and no script stands in a page.
package web

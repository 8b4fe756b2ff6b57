// Package pictures has only tests: they draw the pictures of the documentation in a real browser.
//
// A page has two kinds of pictures: diagrams in Mermaid and files in SVG. GitHub shows a diagram that it cannot parse
// as an error in the middle of the page, so each is drawn here first, by the Mermaid that package-lock.json pins, in
// headless Chromium. "make pictures" does so, with the build tag pictures, and writes a PNG of each to dist/pictures.
package pictures

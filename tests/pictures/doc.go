// Package pictures has only tests: they draw the pictures of the documentation in
// a real browser.
//
// A page has pictures of two kinds, diagrams in Mermaid and files in SVG. GitHub
// draws a diagram that it cannot read as an error in the middle of the page, so
// each is drawn here first, by the Mermaid that package-lock.json pins, in
// headless Chromium. "make pictures" does it, with the build tag pictures, and
// leaves a PNG of each in dist/pictures.
package pictures

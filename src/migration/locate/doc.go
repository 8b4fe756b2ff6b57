// Package locate determines which controller hosts a model, on what evidence, and whether
// JIMM's record is right. It changes nothing.
package locate

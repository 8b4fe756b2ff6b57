package cos_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"os/exec"
	"strings"
	"testing"

	"jimm-migrator/src/cos"
)

func TestStoredFilesCanBeUnpacked(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing":         nil,
		"a byte":          {7},
		"three bytes":     []byte("abc"),
		"a chunk":         bytes.Repeat([]byte("x"), 1<<16),
		"more than one":   []byte(strings.Repeat("dashboard ", 20_000)),
		"a byte too many": bytes.Repeat([]byte{0}, 1<<16+1),
	} {
		t.Run(name, func(t *testing.T) {
			if got := unpack(t, cos.Stored(data)); !bytes.Equal(got, data) {
				t.Errorf("unpacked %d bytes, want %d", len(got), len(data))
			}
		})
	}
}

// unpack unpacks an .xz file with xz, if it is installed, and by itself: it checks every checksum,
// and supports only uncompressed files.
func unpack(t *testing.T, file []byte) []byte {
	t.Helper()
	le := binary.LittleEndian
	sum := func(what string, of []byte, want uint32) {
		t.Helper()
		if got := crc32.ChecksumIEEE(of); got != want {
			t.Fatalf("sum of %s is %08x, want %08x", what, got, want)
		}
	}
	if string(file[:6]) != "\xfd7zXZ\x00" || string(file[len(file)-2:]) != "YZ" || len(file)%4 != 0 {
		t.Fatal("no .xz file")
	}
	sum("the header", file[6:8], le.Uint32(file[8:]))
	footer := file[len(file)-12:]
	sum("the footer", footer[4:10], le.Uint32(footer))
	index := file[len(file)-12-4*int(le.Uint32(footer[4:])+1) : len(file)-12]
	sum("the index", index[:len(index)-4], le.Uint32(index[len(index)-4:]))

	block := file[12:]
	headerLen := 4 * (int(block[0]) + 1)
	sum("the block's header", block[:headerLen-4], le.Uint32(block[headerLen-4:]))
	var out []byte
	at := headerLen
	for block[at] != 0 {
		size := int(binary.BigEndian.Uint16(block[at+1:])) + 1
		out = append(out, block[at+3:at+3+size]...)
		at += 3 + size
	}
	at++
	unpadded, n := binary.Uvarint(index[2:])
	size, _ := binary.Uvarint(index[2+n:])
	if int(unpadded) != at+4 || int(size) != len(out) {
		t.Errorf("the index says %d and %d bytes, want %d and %d", unpadded, size, at+4, len(out))
	}
	for at%4 != 0 {
		at++
	}
	sum("the data", out, le.Uint32(block[at:]))

	if xz, err := exec.LookPath("xz"); err == nil {
		cmd := exec.CommandContext(t.Context(), xz, "-dc")
		cmd.Stdin = bytes.NewReader(file)
		if got, err := cmd.Output(); err != nil || !bytes.Equal(got, out) {
			t.Errorf("xz unpacks %d bytes (%v), want %d", len(got), err, len(out))
		}
	}
	return out
}

package cos

import (
	"encoding/binary"
	"hash/crc32"
	"slices"
)

// stored puts data into an .xz file without compressing it: Grafana's charm
// requires xz, the standard library has no compressor for it, and a dashboard
// is small. The format is that of the .xz file format 1.2.0: one block of LZMA2
// chunks.
func stored(data []byte) []byte {
	flags := []byte{0, 1} // check: CRC32
	out := append([]byte{0xFD, '7', 'z', 'X', 'Z', 0}, flags...)
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(flags))

	header := []byte{2, 0, 0x21, 1, 8, 0, 0, 0} // 12 bytes with the sum; one filter: LZMA2 with 64 KiB
	begin := len(out)
	out = append(out, header...)
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(header))
	kind := byte(1) // the first chunk resets the dictionary
	for chunk := range slices.Chunk(data, 1<<16) {
		out = append(out, kind)
		out = binary.BigEndian.AppendUint16(out, uint16(len(chunk)-1)) //nolint:gosec // At most 65535.
		out = append(out, chunk...)
		kind = 2
	}
	out = append(out, 0)
	unpadded := len(out) - begin + crc32.Size
	out = binary.LittleEndian.AppendUint32(pad(out), crc32.ChecksumIEEE(data))

	begin = len(out)
	out = append(out, 0, 1)                           // index of one record
	out = binary.AppendUvarint(out, uint64(unpadded)) //nolint:gosec // A length.
	out = pad(binary.AppendUvarint(out, uint64(len(data))))
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(out[begin:]))

	footer := binary.LittleEndian.AppendUint32(nil, uint32((len(out)-begin)/4-1)) //nolint:gosec // An index of 20 bytes.
	footer = append(footer, flags...)
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(footer))
	return append(append(out, footer...), 'Y', 'Z')
}

// pad fills up to a multiple of four bytes.
func pad(out []byte) []byte {
	for len(out)%4 != 0 {
		out = append(out, 0)
	}
	return out
}

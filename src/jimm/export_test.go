package jimm

import "encoding/json"

// DecodeStatus decodes the response of FullStatus.
func DecodeStatus(data []byte) (Status, error) {
	var wire statusWire
	if err := json.Unmarshal(data, &wire); err != nil {
		return Status{}, err
	}
	return wire.status()
}

// ParseInfo decodes the body of /debug/info.
func ParseInfo(body []byte) (ServerInfo, error) { return parseInfo(body) }

// DeprecationIn reads events as the client does.
func DeprecationIn(events []AuditEvent, controller string) Deprecation {
	return deprecation(events, controller)
}

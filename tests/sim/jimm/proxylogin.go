package jimm

import (
	"context"
	"encoding/json"
	"net"
	"strconv"
	"strings"

	"jimm-migrator/tests/sim/wire"
)

// login finds the messages of facade Admin that JIMM handles itself; all others go to the controller unchanged, also
// before a login.
func (p *proxy) login(req *wire.Request) (loginMethod, bool) {
	if req.Facade != "Admin" {
		return nil, false
	}
	switch req.Method {
	case "Login":
		return func(req *wire.Request) (string, any, error) { return "", nil, p.oldLogin(req) }, true
	case "LoginWithClientCredentials":
		return p.ss.clientCredentials, true
	case "LoginWithSessionToken":
		return p.ss.sessionToken, true
	case "LoginWithSessionCookie":
		return p.ss.sessionCookie, true
	case "LoginDevice":
		return p.ss.loginDevice, true
	case "GetDeviceSessionToken":
		return p.ss.deviceToken, true
	default:
		return nil, false
	}
}

func (p *proxy) answerLogin(ctx context.Context, login loginMethod, req *wire.Request) {
	p.s.called(p.ss, req)
	identity, result, err := login(req)
	if err != nil {
		p.fail(ctx, req, p.loginCode(req, err)) // the connection stays open
		return
	}
	if identity == "" {
		data, _ := json.Marshal(result)
		p.answer(ctx, message{RequestID: req.RequestID, Response: data})
		return
	}
	p.ss.mu.Lock()
	p.ss.user = identity
	p.ss.mu.Unlock()
	data, err := p.controllerLogin(req.RequestID, identity)
	if err != nil {
		p.fail(ctx, req, err)
		return
	}
	p.forward(ctx, req, data)
}

// loginCode: a wrong secret has another code here than on /api in 2026.
func (p *proxy) loginCode(req *wire.Request, err error) error {
	e := wire.AsError(err)
	if req.Method == "LoginWithClientCredentials" && e.Code == codeUnauthorized {
		return wire.Errorf(p.s.gen.RefusedCode, "%s", e.Message)
	}
	return e
}

// oldLogin refuses users. In 2026 an agent is redirected to its controller.
func (p *proxy) oldLogin(req *wire.Request) error {
	var params struct {
		AuthTag string `json:"auth-tag"`
	}
	if err := req.Decode(&params); err != nil {
		return err
	}
	kind, _, _ := cutTag(params.AuthTag)
	if !p.s.gen.RedirectAgents || kind == "user" || kind == "" {
		return p.ss.oldLogin()
	}
	p.mu.Lock()
	row := p.row
	p.mu.Unlock()
	controller := p.s.hosting(row)
	servers := [][]hostPort{{}}
	for _, address := range controller.Addresses {
		servers[0] = append(servers[0], parseHostPort(address))
	}
	return &wire.Error{
		Message: "redirection to alternative server required", Code: codeRedirect,
		Info: map[string]any{"ca-cert": controller.CACertificate, "servers": servers},
	}
}

func parseHostPort(address string) hostPort {
	host, port, _ := net.SplitHostPort(address)
	number, _ := strconv.Atoi(port)
	parsed := hostPort{Value: host, Type: "hostname", Scope: "public", Port: number}
	if ip := net.ParseIP(host); ip != nil {
		parsed.Type = "ipv4"
		switch {
		case ip.To4() == nil:
			parsed.Type = "ipv6"
		case ip.IsLoopback():
			parsed.Scope = "local-machine"
		case ip.IsPrivate():
			parsed.Scope = "local-cloud"
		}
	}
	return parsed
}

// controllerLogin makes Admin(3).Login with the client's request id, under the client's name, with the access from
// JIMM's database in the token. Without access to the model the controller decides.
func (p *proxy) controllerLogin(id uint64, identity string) ([]byte, error) {
	p.mu.Lock()
	row := p.row
	p.mu.Unlock()
	controller := p.s.hosting(row)
	access := map[string]string{
		"cloud-" + row.Cloud:            "add-model",
		"controller-" + controller.UUID: "login",
		"model-" + row.UUID:             p.s.db.modelAccess(identity, row.UUID),
	}
	if p.s.db.administers(identity, "controller-"+controller.UUID) {
		access["cloud-"+row.Cloud], access["controller-"+controller.UUID] = accessAdmin, "superuser"
	}
	token, err := p.s.controllerToken(identity, controller.UUID, access)
	if err != nil {
		return nil, err
	}
	params, err := json.Marshal(loginRequest{AuthTag: "user-" + identity, Token: token})
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(request{
		RequestID: id, Facade: "Admin", Version: 3, Method: "Login", Params: params,
	})
	return append(data, '\n'), err
}

// displayName is the part of an identity before its domain.
func displayName(identity string) string {
	name, _, _ := strings.Cut(identity, "@")
	return name
}

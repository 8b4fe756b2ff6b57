package jimm

import (
	"context"
	"errors"
	"strings"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

// Answer is what an answer that JIMM gave about a model means for where the
// model is. [ReadAnswer] reads it from the error.
type Answer int

const (
	// AnswerUnknown is an answer that this client does not know. It means
	// nothing.
	AnswerUnknown Answer = iota
	// AnswerPresent is no error, or one that only a host gives: the recorded
	// controller has the model, active, exporting, importing or left over.
	AnswerPresent
	// AnswerRedirected means that the recorded controller reports that the model was
	// migrated away from it.
	AnswerRedirected
	// AnswerDenied is the recorded controller's refusal: it does not have the
	// model (any more), or does not show it to us. A real controller answers
	// like this after a migration to all who were not users of the model when
	// it began, which service accounts seldom were.
	AnswerDenied
	// AnswerGone means that the recorded controller reports that there is no such model.
	AnswerGone
	// AnswerUnrecorded means that JIMM itself reports that it has no record of the model;
	// no controller was asked (model connections; ModelInfo is AnswerMasked).
	AnswerUnrecorded
	// AnswerMasked is JIMM's own "unauthorized": it has no record of the
	// model, or we have no right to it. JIMM of 2024 says the same if the
	// controller answers "not found".
	AnswerMasked
	// AnswerMigrating means that JIMM reports that it is migrating the model, and the
	// controller denies it (model connections; 2025 and newer).
	AnswerMigrating
	// AnswerStuck is "internal server error": JIMM migrates the model, the
	// source has released it, and JIMM could not complete its record
	// (ModelInfo; 2025 and newer). It lasts until the record is moved.
	AnswerStuck
	// AnswerUnreachable means that JIMM was reached but not the controller, or
	// that it refused JIMM's login, or took too long.
	AnswerUnreachable
	// AnswerNone means that JIMM did not answer: the connection is lost, the
	// time limit passed, or the caller gave up.
	AnswerNone
)

// ReadAnswer returns what the error of [Client.ModelInfo], [Client.DialModel] or
// [ModelConn.FullStatus] means. The texts are those of JIMM of 2024 and 2026 and
// of Juju 3.5 and 3.6, recorded. If one code stands for several things, the
// message decides; any other message is AnswerUnknown.
func ReadAnswer(err error) Answer {
	if err == nil {
		return AnswerPresent
	}
	answer, ok := errors.AsType[*rpc.Error](err)
	switch {
	case ok:
		return readRefusal(answer)
	case errors.Is(err, rpc.ErrConnection), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return AnswerNone
	}
	return AnswerUnknown
}

func readRefusal(answer *rpc.Error) Answer {
	if errors.Is(answer, rpc.CodeMigrationInProgress) {
		return AnswerPresent
	}
	switch answer.Code {
	case rpc.CodeRedirect:
		return AnswerRedirected
	case rpc.CodeNotFound:
		return readNotFound(answer.Message)
	case rpc.CodeModelNotFound:
		return AnswerGone
	case rpc.CodeModelMigrating:
		return AnswerMigrating
	case CodeConnectionFailed:
		return AnswerUnreachable
	case rpc.CodeUnauthorized:
		return readUnauthorized(answer.Message)
	case "":
		return readUncoded(answer.Message)
	default:
		return AnswerUnknown
	}
}

// readNotFound distinguishes JIMM's "not found" from a controller's, which has another
// code on a model connection. Only a few of a controller's messages are about the model
// itself: Juju also says "not found" of a user, of settings, of parts of a model that it
// is just removing (3.6.28 observed), and of a model that it has but that is not in its
// cache yet (a target that has just made its copy, 3.5.4 observed), which proves
// nothing.
func readNotFound(message string) Answer {
	switch {
	case message == "model not found", message == "failed to find model: model not found":
		return AnswerUnrecorded
	case message == "invoking getDB: database not found": // 4.0.15 observed
		return AnswerGone
	case strings.HasPrefix(message, "model cache: "):
		return AnswerUnknown
	}
	words := strings.Fields(message)
	if n := len(words); n >= 4 && words[n-4] == "model" && words[n-2] == "not" && words[n-1] == "found" && uuidIn(words[n-3]) {
		return AnswerGone // model "<uuid>" not found
	}
	if n := len(words); n >= 5 && words[n-5] == "model" && uuidIn(words[n-4]) && strings.HasSuffix(message, " has been removed") {
		return AnswerGone // model <uuid> has been removed
	}
	return AnswerUnknown
}

// uuidIn reports whether the word is a UUID, perhaps in quotes.
func uuidIn(word string) bool {
	_, err := juju.ModelTag(strings.Trim(word, `"`))
	return err == nil
}

// readUnauthorized distinguishes JIMM's refusals from the controller's, which have the
// same code.
func readUnauthorized(message string) Answer {
	switch message {
	case "unauthorized", "unauthorized access":
		return AnswerMasked
	case "permission denied", "permission denied (unauthorized access)", "invalid entity name or password":
		return AnswerDenied
	}
	return AnswerUnknown
}

// readUncoded reads an answer of JIMM without a code.
func readUncoded(message string) Answer {
	switch message {
	case "internal server error":
		return AnswerStuck
	case "invoking getDB: database not found": // a controller, 4.0-beta8, recorded: also of a model that migrated away
		return AnswerGone
	case "migration in progress, model is importing": // a controller, 2.9 to 4.0
		return AnswerPresent
	}
	for _, start := range []string{
		"no urls to dial", "basic dial failed:", "failed to dial the controller",
		"context deadline exceeded",
	} {
		if strings.HasPrefix(message, start) {
			return AnswerUnreachable
		}
	}
	return AnswerUnknown
}

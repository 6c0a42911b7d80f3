package notice

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/yanzhen/yanzhen/internal/clock"
)

// HTTPHook is another system that takes short messages or every message, over HTTP (docs/notices.md).
type HTTPHook struct {
	URL    string
	Secret []byte // by which it knows that a request is ours
	Client *http.Client
	Clock  clock.Clock // of the machine: a request is dated, and an old one is refused
}

// Headers of a request.
const (
	headerID        = "X-Yanzhen-Id"
	headerTimestamp = "X-Yanzhen-Timestamp"
	headerSignature = "X-Yanzhen-Signature"
)

// answerMax is how much of an answer is read.
const answerMax = 4 << 10

// hookBody is what is sent.
type hookBody struct {
	ID      string          `json:"id"`
	Channel Channel         `json:"channel"`
	At      time.Time       `json:"at"`
	SMS     *shortMessage   `json:"sms,omitempty"`
	Message json.RawMessage `json:"message,omitempty"`
}

type shortMessage struct {
	Phone string `json:"phone"`
	Lang  string `json:"lang"`
	Kind  Kind   `json:"kind"`
	Text  string `json:"text"`
}

// Carry sends a request. 2xx is taken; 4xx but 408, 425 and 429 is refused for good; all else may pass, a redirect too, which
// is never followed.
func (h HTTPHook) Carry(ctx context.Context, l Letter) (string, error) {
	body := hookBody{ID: l.Mark, Channel: l.Channel, At: l.At}
	if l.Channel == Hook {
		body.Message = json.RawMessage(l.Text)
	} else {
		body.SMS = &shortMessage{Phone: l.To, Lang: string(l.Lang), Kind: l.Kind, Text: l.Text}
	}
	b, err := json.Marshal(body)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrRefused, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(b))
	if err != nil {
		return "", err
	}
	stamp := strconv.FormatInt(h.Clock.Millis()/1000, 10)
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", "yanzhen")
	req.Header.Set(headerID, l.Mark)
	req.Header.Set(headerTimestamp, stamp)
	req.Header.Set(headerSignature, "v1="+Signature(h.Secret, stamp, b))
	res, err := h.Client.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	said, err := io.ReadAll(io.LimitReader(res.Body, answerMax))
	if err != nil {
		return "", fmt.Errorf("read answer: %w", err)
	}
	told := res.Status + " " + oneLine(string(said))
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		return told, nil
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return "", fmt.Errorf("%s: redirects are not followed", res.Status)
	case res.StatusCode >= 400 && res.StatusCode < 500 && res.StatusCode != http.StatusRequestTimeout &&
		res.StatusCode != http.StatusTooEarly && res.StatusCode != http.StatusTooManyRequests:
		return "", fmt.Errorf("%w: %s", ErrRefused, told)
	}
	return "", fmt.Errorf("answered %s", told)
}

// Signature is HMAC-SHA256 over the timestamp, a dot and the body, in hexadecimal digits.
func Signature(secret []byte, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(timestamp + "."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

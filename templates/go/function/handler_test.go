package function

import (
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHandle(t *testing.T) {
	for _, example := range []struct{ title, body, answer string }{
		{"it greets whom the body names", "Ada", "Hello, Ada!\n"},
		{"it greets the world when nobody is named", "", "Hello, world!\n"},
	} {
		t.Run(example.title, func(t *testing.T) {
			recorder := httptest.NewRecorder()
			Handle(recorder, httptest.NewRequest("POST", "/", strings.NewReader(example.body)))
			if got := recorder.Body.String(); got != example.answer {
				t.Errorf("got %q, not %q", got, example.answer)
			}
		})
	}
}

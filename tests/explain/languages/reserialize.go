// Reads bodies in base64, one a line; prints what Go makes of each, as form and base64.
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
)

type envelope struct {
	ID        string `json:"id"`
	Type      string `json:"type"`
	CreatedAt string `json:"created_at"`
	Data      any    `json:"data"`
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for index := 0; lines.Scan(); index++ {
		show := func(form string, written []byte) {
			fmt.Println(index, form, base64.StdEncoding.EncodeToString(written))
		}
		raw, _ := base64.StdEncoding.DecodeString(lines.Text())
		var value any
		if json.Unmarshal(raw, &value) != nil {
			continue
		}
		compact, _ := json.Marshal(value)
		show("json-go", compact)
		indented, _ := json.MarshalIndent(value, "", "  ")
		show("json-go-indent", indented)
		var stream bytes.Buffer
		encoder := json.NewEncoder(&stream)
		encoder.SetEscapeHTML(false)
		encoder.Encode(value)
		show("json-go-unescaped", bytes.TrimSuffix(stream.Bytes(), []byte("\n")))
		stream.Reset()
		json.NewEncoder(&stream).Encode(value)
		show("json-go-encoder", stream.Bytes())
		var event envelope
		if json.Unmarshal(raw, &event) == nil && event.ID != "" {
			structured, _ := json.Marshal(event)
			show("json-go-struct", structured)
		}
		show("text-byte-list", []byte(fmt.Sprint(raw)))
		show("trimmed", bytes.TrimSpace(raw))
	}
}

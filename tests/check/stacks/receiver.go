package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

const tolerance = 300

var (
	secret    = []byte(os.Getenv("PIVOTAL_WEBHOOK_SECRET"))
	timestamp = regexp.MustCompile(`^[0-9]{1,12}$`)
	events    sync.Map
)

func isGenuine(header string, body []byte) bool {
	parts := strings.Split(header, ",")
	var times, signatures []string
	for _, part := range parts[1:] {
		key, value, _ := strings.Cut(part, "=")
		switch key {
		case "t":
			times = append(times, value)
		case "sig":
			signatures = append(signatures, value)
		}
	}
	if parts[0] != "v1" || len(times) != 1 || !timestamp.MatchString(times[0]) {
		return false
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(times[0] + "."))
	mac.Write(body)
	expected := mac.Sum(nil)
	signed := false
	for _, signature := range signatures {
		given, err := base64.StdEncoding.DecodeString(signature)
		signed = signed || (err == nil && hmac.Equal(expected, given))
	}
	seconds, err := strconv.ParseInt(times[0], 10, 64)
	age := time.Now().Unix() - seconds
	return err == nil && signed && age <= tolerance && -age <= tolerance
}

func pivotal(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2<<20))
	if err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	if !isGenuine(r.Header.Get("pivotal-signature"), body) {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	var event struct{ ID, Type string }
	if err := json.Unmarshal(body, &event); err != nil || event.ID == "" || event.Type == "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	events.LoadOrStore(event.ID, event.Type)
	w.WriteHeader(http.StatusOK)
}

func count(w http.ResponseWriter, r *http.Request) {
	if _, seen := events.Load(strings.TrimPrefix(r.URL.Path, "/count/")); seen {
		fmt.Fprintln(w, 1)
		return
	}
	fmt.Fprintln(w, 0)
}

func main() {
	http.HandleFunc("/webhooks/pivotal", pivotal)
	http.HandleFunc("/count/", count)
	panic(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

// The server around the function's Handle.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	function "handler/function"
)

func main() {
	server := &http.Server{Addr: "127.0.0.1:" + port(), Handler: http.HandlerFunc(answer)}
	ended := make(chan struct{})
	go func() {
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
		<-signals
		// Takes no new calls and waits for those that run; the watchdog decides how long that may be.
		if err := server.Shutdown(context.Background()); err != nil {
			log.Print(err)
		}
		close(ended)
	}()
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	<-ended
}

// A panic is a 500 with its text, unless a part of the answer is out already.
func answer(w http.ResponseWriter, r *http.Request) {
	defer func() {
		problem := recover()
		if problem == nil {
			return
		}
		if problem == http.ErrAbortHandler {
			panic(problem)
		}
		log.Printf("panic: %v\n%s", problem, debug.Stack())
		http.Error(w, fmt.Sprint(problem), http.StatusInternalServerError)
	}()
	function.Handle(w, r)
}

func port() string {
	for _, name := range []string{"PORT", "http_port"} {
		if value := os.Getenv(name); value != "" {
			return value
		}
	}
	return "3000"
}

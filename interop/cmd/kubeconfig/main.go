// Command kubeconfig says what client-go, which kubectl is made of, makes of $KUBECONFIG: where it would connect to, as which
// context, and what it would send. It prints JSON, or {"error": ...} with exit status 1 when client-go refuses the files.
package main

import (
	"encoding/json"
	"flag"
	"log"
	"net/http"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

type access struct {
	Context            string            `json:"context"`
	Namespace          string            `json:"namespace"`
	Server             string            `json:"server"`
	Headers            map[string]string `json:"headers"`
	CA                 string            `json:"ca"`
	Cert               string            `json:"cert"`
	Key                string            `json:"key"`
	ServerName         string            `json:"serverName"`
	InsecureSkipVerify bool              `json:"insecureSkipVerify"`
}

func main() {
	context := flag.String("context", "", "`name` of the context; default the current one")
	flag.Parse()
	lines := json.NewEncoder(os.Stdout)
	read, err := read(*context)
	if err != nil {
		_ = lines.Encode(map[string]string{"error": err.Error()})
		os.Exit(1)
	}
	if err := lines.Encode(read); err != nil {
		log.Fatal(err)
	}
}

func read(context string) (*access, error) {
	config := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		clientcmd.NewDefaultClientConfigLoadingRules(),
		&clientcmd.ConfigOverrides{CurrentContext: context},
	)
	used, err := config.ClientConfig()
	if err != nil {
		return nil, err
	}
	namespace, _, err := config.Namespace()
	if err != nil {
		return nil, err
	}
	if context == "" {
		raw, err := config.RawConfig()
		if err != nil {
			return nil, err
		}
		context = raw.CurrentContext
	}
	server, _, err := rest.DefaultServerURL(used.Host, "", schema.GroupVersion{}, rest.IsConfigTransportTLS(*used))
	if err != nil {
		return nil, err
	}
	headers, err := headersOf(used, server.String())
	if err != nil {
		return nil, err
	}
	if err := rest.LoadTLSFiles(used); err != nil {
		return nil, err
	}
	return &access{
		Context:            context,
		Namespace:          namespace,
		Server:             server.String(),
		Headers:            headers,
		CA:                 string(used.CAData),
		Cert:               string(used.CertData),
		Key:                string(used.KeyData),
		ServerName:         used.ServerName,
		InsecureSkipVerify: used.Insecure,
	}, nil
}

// headersOf is what client-go adds to a request; exec plugins are run for it.
func headersOf(config *rest.Config, server string) (map[string]string, error) {
	sent := map[string]string{}
	wrapped, err := rest.HTTPWrappersForConfig(config, transport(func(request *http.Request) (*http.Response, error) {
		for name, values := range request.Header {
			sent[name] = strings.Join(values, ", ")
		}
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: request}, nil
	}))
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest(http.MethodGet, server, nil)
	if err != nil {
		return nil, err
	}
	if _, err := wrapped.RoundTrip(request); err != nil {
		return nil, err
	}
	delete(sent, "User-Agent")
	return sent, nil
}

type transport func(*http.Request) (*http.Response, error)

func (t transport) RoundTrip(request *http.Request) (*http.Response, error) { return t(request) }

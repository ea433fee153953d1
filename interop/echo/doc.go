// Package echo is the service that the interoperability tests call, generated from proto/echo.proto.
package echo

//go:generate sh -c "cd .. && ../node_modules/.bin/buf generate"

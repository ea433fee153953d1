#!/bin/sh
# Makes an authority and certificates for a service and for a client in certs/. Again: new certificates of the same authority.
set -eu
mkdir -p certs && cd certs
ec="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"

[ -f ca.pem ] || openssl req -x509 $ec -days 365 -subj "/CN=my authority" -keyout ca.key -out ca.pem

sign() { # file, the name that is verified
  openssl req -new $ec -subj "/CN=$2" -keyout "$1.key.new" -out "$1.csr"
  printf 'subjectAltName=DNS:%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$2" > "$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile "$1.ext" -out "$1.pem.new"
  mv "$1.key.new" "$1.key" && mv "$1.pem.new" "$1.pem"
}
sign order order.rpc # the last part of the service key
sign shop shop

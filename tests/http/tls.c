/* SPDX-License-Identifier: MIT */
#include "tls.h"

#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

static X509 *sign_by_itself(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    return certificate;
}

static void *serve(void *argument)
{
    struct tls_server *server = argument;
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = sign_by_itself(key);
    SSL_CTX_use_certificate(context, certificate);
    SSL_CTX_use_PrivateKey(context, key);
    int fd = accept(server->fd, NULL, NULL);
    if (fd >= 0) {
        SSL *ssl = SSL_new(context);
        SSL_set_fd(ssl, fd);
        SSL_accept(ssl); /* the client breaks it off */
        SSL_free(ssl);
        close(fd);
    }
    X509_free(certificate);
    EVP_PKEY_free(key);
    SSL_CTX_free(context);
    return NULL;
}

void tls_start(struct tls_server *server, int fd)
{
    server->fd = fd;
    listen(fd, 1);
    pthread_create(&server->thread, NULL, serve, server);
}

void tls_stop(struct tls_server *server)
{
    shutdown(server->fd, SHUT_RDWR);
    pthread_join(server->thread, NULL);
}

"""The words of a haproxy.cfg that change no pick, and those that do: sections 4 and 5 of its manual, 2.0 to 3.2."""


def words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Keywords of a proxy that change no pick, or only what the key is before HAProxy hashes it.
PASSED = words_of(
    """
    acl backlog bind capture clitcpka-cnt clitcpka-idle clitcpka-intvl compression declare default_backend description
    email-alert enabled errorfile errorfiles errorloc errorloc302 errorloc303 external-check filter fullconn grace guid
    hash-preserve-affinity http-after-response http-check http-error http-request http-response http-reuse
    http-send-name-header id log log-format log-format-sd log-steps log-tag max-keep-alive-queue
    max-session-srv-conns maxconn mode monitor monitor-net monitor-uri option quic-initial rate-limit redirect retries
    retry-on server-state-file-name source srvtcpka-cnt srvtcpka-idle srvtcpka-intvl stats stick-table tcp-check
    tcp-request tcp-response timeout unique-id-format unique-id-header use_backend use-fcgi-app error-log-format
    clitimeout contimeout srvtimeout bind-process
    """
)
PASSED_OPTIONS = words_of(
    """
    abortonclose accept-invalid-http-request accept-invalid-http-response accept-unsafe-violations-in-http-request
    accept-unsafe-violations-in-http-response assume-rfc6587-ntf checkcache clitcpka contstats disable-h2-upgrade
    dontlog-normal dontlognull external-check forceclose forwarded forwardfor h1-case-adjust-bogus-client
    h1-case-adjust-bogus-server http-buffer-request http-drop-request-trailers http-drop-response-trailers
    http-ignore-probes http-keep-alive http-no-delay http-pretend-keepalive http-restrict-req-hdr-names
    http-server-close http-tunnel http-use-htx http-use-proxy-header httpchk httpclose httplog httpslog
    idle-close-on-response independent-streams ldap-check log-health-checks log-separate-errors logasap mysql-check
    nolinger originalto pgsql-check redis-check redispatch smtpchk socket-stats splice-auto splice-request
    splice-response spop-check srvtcpka ssl-hello-chk tcp-check tcp-smart-accept tcp-smart-connect tcpka tcplog
    use-small-buffers
    """
)

# Keywords of a server: without an argument, and with one.
FLAGS = words_of(
    """
    allow-0rtt agent-send-never check check-send-proxy check-ssl check-via-socks4 enabled force-sslv3 force-tlsv10
    force-tlsv11 force-tlsv12 force-tlsv13 no-agent-check no-backup no-check no-check-reuse-pool check-reuse-pool
    no-check-send-proxy no-check-ssl no-send-proxy no-send-proxy-v2 no-send-proxy-v2-ssl no-send-proxy-v2-ssl-cn no-ssl
    no-ssl-reuse no-sslv3 no-tls-tickets no-tlsv10 no-tlsv11 no-tlsv12 no-tlsv13 no-verifyhost no-tfo non-stick
    send-proxy send-proxy-v2 send-proxy-v2-ssl send-proxy-v2-ssl-cn ssl ssl-reuse stick strict-maxconn sslv3
    tls-tickets tlsv10 tlsv11 tlsv12 tlsv13 tfo no-renegotiate renegotiate
    """
)
VALUES = words_of(
    """
    addr agent-addr agent-inter agent-port agent-send alpn ca-file check-alpn check-proto check-sni ciphers
    check-pool-conn-name ciphersuites client-sigalgs crl-file crt curves downinter ecdhe error-limit fall fastinter guid
    hash-key idle-ping init-addr init-state inter log-bufsize log-proto max-reuse namespace npn observe on-error
    on-marked-down on-marked-up pool-conn-name pool-low-conn pool-max-conn pool-purge-delay port proto proxy-v2-options
    quic-cc-algo redir resolve-net resolve-opts resolve-prefer rise set-proxy-v2-tlv-fmt shard sigalgs sni
    ssl-max-ver ssl-min-ver socks4 tcp-md5sig tcp-ut track verify verifyhost ws source usesrc interface
    """
)
# Those that change picks and that no preset has: how many arguments each takes.
UNREAD_WORDS = {"agent-check": 0, "cookie": 1, "maxqueue": 1, "minconn": 1, "resolvers": 1, "slowstart": 1}

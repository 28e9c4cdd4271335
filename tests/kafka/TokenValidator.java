import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.*;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.oauthbearer.*;

/**
 * A broker's side of OAUTHBEARER as two services have it. A token of the form that MSK IAM takes, the base64 of a presigned
 * URL (AWS Signature Version 4), has its signature and its time looked at; any other is refused. Where the option
 * `logicalCluster` is given, the client has to name that cluster among its extensions (KIP-342), as Confluent Cloud wants it.
 */
public class TokenValidator implements AuthenticateCallbackHandler {
    private Map<String, ?> options = Map.of();

    @Override
    public void configure(Map<String, ?> configs, String mechanism, List<AppConfigurationEntry> entries) {
        options = entries.get(0).getOptions();
    }

    @Override
    public void handle(Callback[] callbacks) throws UnsupportedCallbackException {
        for (Callback callback : callbacks) {
            if (callback instanceof OAuthBearerValidatorCallback token) validate(token);
            else if (callback instanceof OAuthBearerExtensionsValidatorCallback extensions) validate(extensions);
            else throw new UnsupportedCallbackException(callback);
        }
    }

    @Override
    public void close() {}

    private void validate(OAuthBearerExtensionsValidatorCallback callback) {
        Map<String, String> given = callback.inputExtensions().map();
        Object wanted = options.get("logicalCluster");
        given.keySet().forEach(name -> {
            if (!name.equals("logicalCluster") || given.get(name).equals(wanted)) callback.valid(name);
            else callback.error(name, "unknown logical cluster");
        });
        if (wanted != null && !given.containsKey("logicalCluster")) {
            callback.error("logicalCluster", "extension missing");
        }
    }

    private void validate(OAuthBearerValidatorCallback callback) {
        String value = callback.tokenValue();
        try {
            String url = new String(Base64.getUrlDecoder().decode(value), StandardCharsets.UTF_8);
            Map<String, String> query = queryOf(url);
            long signedAt = Instant.parse(query.get("X-Amz-Date").replaceFirst(
                "(....)(..)(..)T(..)(..)(..)Z", "$1-$2-$3T$4:$5:$6Z")).toEpochMilli();
            long until = signedAt + 1000 * Long.parseLong(query.get("X-Amz-Expires"));
            boolean known = query.get("Action").equals("kafka-cluster:Connect")
                && signatureOf(url, query).equals(query.get("X-Amz-Signature"));
            if (known && System.currentTimeMillis() < until) {
                callback.token(new Token(value, query.get("X-Amz-Credential").split("/")[0], signedAt, until));
                return;
            }
        } catch (Exception notOfThatForm) {
            // Refused below.
        }
        callback.error("invalid_token", null, null);
    }

    private static Map<String, String> queryOf(String url) {
        return Arrays.stream(url.substring(url.indexOf('?') + 1).split("&")).map(pair -> pair.split("=", 2))
            .collect(Collectors.toMap(pair -> pair[0], pair -> URLDecoder.decode(pair[1], StandardCharsets.UTF_8)));
    }

    /** What the URL has to be signed with: everything in it but the signature, and the user agent that is added later. */
    private String signatureOf(String url, Map<String, String> query) throws Exception {
        String host = url.substring("https://".length(), url.indexOf('/', 8));
        String canonical = Arrays.stream(url.substring(url.indexOf('?') + 1).split("&"))
            .filter(pair -> !pair.startsWith("X-Amz-Signature=") && !pair.startsWith("User-Agent="))
            .sorted().collect(Collectors.joining("&"));
        String request = "GET\n/\n" + canonical + "\nhost:" + host + "\n\nhost\n" + sha256("");
        String[] scope = query.get("X-Amz-Credential").split("/", 2);
        String toSign = "AWS4-HMAC-SHA256\n" + query.get("X-Amz-Date") + "\n" + scope[1] + "\n" + sha256(request);
        byte[] key = ("AWS4" + options.get("secretKey")).getBytes(StandardCharsets.UTF_8);
        for (String part : scope[1].split("/")) key = hmac(key, part);
        return HexFormat.of().formatHex(hmac(key, toSign));
    }

    private static String sha256(String text) throws Exception {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }

    private static byte[] hmac(byte[] key, String text) throws Exception {
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(key, "HmacSHA256"));
        return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    }

    private record Token(String value, String principalName, Long startTimeMs, long lifetimeMs)
        implements OAuthBearerToken {
        @Override
        public Set<String> scope() {
            return Set.of();
        }
    }
}

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Receiver {
  static final byte[] SECRET =
      System.getenv("PIVOTAL_WEBHOOK_SECRET").getBytes(StandardCharsets.UTF_8);
  static final long TOLERANCE = 300;
  // The JDK has no JSON; id and type stand at the front, in this order, by contract.
  static final Pattern EVENT =
      Pattern.compile("^\\s*\\{\\s*\"id\"\\s*:\\s*\"(\\w+)\"\\s*,\\s*\"type\"\\s*:\\s*\"([\\w.]+)\"");
  static final Set<String> EVENTS = ConcurrentHashMap.newKeySet();

  static boolean isGenuine(String header, byte[] body) throws GeneralSecurityException {
    if (header == null) return false;
    String[] parts = header.trim().split(",", -1);
    String t = null;
    for (String part : parts) {
      if (!part.startsWith("t=")) continue;
      if (t != null) return false;
      t = part.substring(2);
    }
    if (!parts[0].equals("v1") || t == null || !t.matches("[0-9]{1,12}")) return false;
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(SECRET, "HmacSHA256"));
    mac.update((t + ".").getBytes(StandardCharsets.US_ASCII));
    byte[] expected = mac.doFinal(body);
    boolean signed = false;
    for (String part : parts) {
      if (!part.startsWith("sig=")) continue;
      try {
        signed |= MessageDigest.isEqual(expected, Base64.getDecoder().decode(part.substring(4)));
      } catch (IllegalArgumentException notBase64) {
        continue;
      }
    }
    return signed && Math.abs(System.currentTimeMillis() / 1000 - Long.parseLong(t)) <= TOLERANCE;
  }

  static void pivotal(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      exchange.sendResponseHeaders(status(exchange, body), -1);
    }
  }

  static int status(HttpExchange exchange, byte[] body) {
    if (!exchange.getRequestMethod().equals("POST")) return 405;
    try {
      if (!isGenuine(exchange.getRequestHeaders().getFirst("pivotal-signature"), body)) return 401;
    } catch (GeneralSecurityException noHmac) {
      return 500;
    }
    Matcher event = EVENT.matcher(new String(body, StandardCharsets.UTF_8));
    if (!event.find()) return 400;
    EVENTS.add(event.group(1));
    return 200;
  }

  static void count(HttpExchange exchange) throws IOException {
    try (exchange) {
      String id = exchange.getRequestURI().getPath().substring("/count/".length());
      byte[] answer = (EVENTS.contains(id) ? "1" : "0").getBytes(StandardCharsets.US_ASCII);
      exchange.sendResponseHeaders(200, answer.length);
      exchange.getResponseBody().write(answer);
    }
  }

  public static void main(String[] arguments) throws IOException {
    int port = Integer.parseInt(System.getenv("PORT"));
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 100);
    server.createContext("/webhooks/pivotal", Receiver::pivotal);
    server.createContext("/count/", Receiver::count);
    server.setExecutor(Executors.newFixedThreadPool(8));
    server.start();
  }
}

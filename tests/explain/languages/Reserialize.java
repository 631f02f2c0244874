import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.concurrent.Callable;

/** Reads bodies in base64, one a line; prints what Java makes of each, as form and base64. */
class Reserialize {
    public static void main(String[] arguments) throws Exception {
        var jackson = new ObjectMapper();
        var sorted = new ObjectMapper().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);
        var gson = new GsonBuilder().serializeNulls().create();
        var lines = new String(System.in.readAllBytes(), StandardCharsets.US_ASCII).split("\n");
        for (int index = 0; index < lines.length; index++) {
            byte[] raw = Base64.getDecoder().decode(lines[index]);
            var forms = new LinkedHashMap<String, Callable<byte[]>>();
            Callable<Object> value = () -> jackson.readValue(raw, Object.class);
            forms.put("json-jackson", () -> jackson.writeValueAsString(value.call()).getBytes("UTF-8"));
            forms.put("json-jackson-bytes", () -> jackson.writeValueAsBytes(jackson.readTree(raw)));
            forms.put("json-jackson-sorted", () -> sorted.writeValueAsBytes(value.call()));
            forms.put("json-gson", () -> gson.toJson(gson.fromJson(new String(raw, "UTF-8"), JsonElement.class)).getBytes("UTF-8"));
            forms.put("text-java-map", () -> value.call().toString().getBytes("UTF-8"));
            forms.put("ascii", () -> new String(raw, "UTF-8").getBytes("US-ASCII"));
            for (var form : forms.entrySet()) {
                try {
                    var written = Base64.getEncoder().encodeToString(form.getValue().call());
                    System.out.println(index + " " + form.getKey() + " " + written);
                } catch (Exception refused) {
                    continue;
                }
            }
        }
    }
}

/* SPDX-License-Identifier: MIT */
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/* Transact BOOTSTRAP TOPIC commit:N|abort:N|open:N ...
   Writes N records to partition 0 in a transaction and commits it, aborts it, or leaves it
   open for the broker to abort after 5 seconds. */
class Transact {
    public static void main(String[] args) {
        Properties config = new Properties();
        config.put("bootstrap.servers", args[0]);
        config.put("transaction.timeout.ms", "5000");
        StringSerializer text = new StringSerializer();
        for (int i = 2; i < args.length; i++) {
            String[] word = args[i].split(":");
            config.put("transactional.id", args[1] + "-" + i + "-" + System.nanoTime());
            KafkaProducer<String, String> producer = new KafkaProducer<>(config, text, text);
            producer.initTransactions();
            producer.beginTransaction();
            for (int n = 0; n < Integer.parseInt(word[1]); n++)
                producer.send(new ProducerRecord<>(args[1], 0, word[0], word[0] + "-" + i + "-" + n));
            producer.flush();
            switch (word[0]) {
            case "commit": producer.commitTransaction(); break;
            case "abort": producer.abortTransaction(); break;
            case "open": Runtime.getRuntime().halt(0);
            default: throw new IllegalArgumentException(args[i]);
            }
            producer.close();
        }
    }
}

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Fills a map with the same entries in every process, and changes some pages of its own. */
class Holds {
  public static void main(String[] args) throws InterruptedException {
    int writes = Integer.parseInt(args[0]);
    Map<Integer, byte[]> held = new HashMap<>();
    Random same = new Random(1);
    for (int i = 0; i < 12_000; i++) {
      byte[] value = new byte[4000];
      same.nextBytes(value);
      held.put(i, value);
    }
    List<byte[]> own = new ArrayList<>();
    for (int i = 0; i < 4000; i++) own.add(new byte[4096]);
    Random random = new Random();
    while (true) {
      for (int i = 0; i < writes / 50; i++)
        own.get(random.nextInt(own.size()))[random.nextInt(4096)] = (byte) random.nextInt(256);
      Thread.sleep(20);
    }
  }
}

// Asks veraPDF about files: java -cp JARS Verify.java FLAVOUR FILE FLAVOUR FILE ... prints what is wrong, and fails if anything is.
import java.io.FileInputStream;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;

public class Verify {
  public static void main(String[] args) throws Exception {
    VeraGreenfieldFoundryProvider.initialise();
    boolean sound = true;
    for (int i = 0; i < args.length; i += 2) {
      PDFAFlavour flavour = PDFAFlavour.byFlavourId(args[i]);
      try (var parser = Foundries.defaultInstance().createParser(new FileInputStream(args[i + 1]), flavour)) {
        var result = Foundries.defaultInstance().createValidator(flavour, 1, false, false, false).validate(parser);
        for (TestAssertion a : result.getTestAssertions()) {
          if (a.getStatus() == TestAssertion.Status.FAILED) {
            System.out.println(args[i + 1] + " " + flavour + " " + a.getRuleId().getClause() + ": " + a.getMessage() + " at " + a.getLocation().getContext());
          }
        }
        sound &= result.isCompliant();
      }
    }
    System.exit(sound ? 0 : 1);
  }
}

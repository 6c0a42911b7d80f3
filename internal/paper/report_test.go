package paper

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"
	"time"
)

// numbering as a Chinese document has it.
func numbering(page, pages string) string { return "第 " + page + " 页 共 " + pages + " 页" }

// report has every kind of block; chapters makes it longer.
func report(t testing.TB, chapters int) Document {
	d := Document{
		Title:    "制造业数字化诊断报告",
		Subtitle: "江苏䶮飞机械有限公司",
		Meta:     []Pair{{"报告编号", "YC-2026-0001"}, {"诊断机构", "盐城某某数字化服务中心"}, {"诊断日期", "2026年11月3日至11月5日"}},
		Cover:    true,
		Header:   "制造业数字化诊断报告　江苏䶮飞机械有限公司", Footer: "报告编号 YC-2026-0001", Numbering: numbering,
		Mark: "演示数据，非真实", Author: "盐城某某数字化服务中心", Created: time.Date(2026, 11, 6, 8, 0, 0, 0, time.UTC),
	}
	for c := range chapters {
		d.Blocks = append(d.Blocks, chapter(t, c)...)
	}
	d.Blocks = append(d.Blocks,
		Heading{1, "签章"},
		Signature{{"诊断机构（盖章）：", ""}, {"诊断组长（签字）：", ""}, {"企业负责人（签字）：", ""}, {"日期：", "2026年11月6日"}})
	return d
}

func chapter(t testing.TB, c int) []Block {
	items := Table{
		Caption: fmt.Sprintf("表 %d　各环节得分", c+1),
		Columns: []Column{{Title: "序号", Share: 8, Number: true}, {Title: "环节", Share: 22}, {Title: "现状", Share: 46}, {Title: "得分", Share: 12, Number: true}, {Title: "满分", Share: 12, Number: true}},
		Total:   true,
	}
	for i := range 28 {
		if i%10 == 0 {
			items.Rows = append(items.Rows, []string{fmt.Sprintf("第 %d 组", i/10+1)})
		}
		items.Rows = append(items.Rows, []string{
			fmt.Sprint(i + 1), "生产计划与排程", string([]rune("采用电子表格排产（Excel），计划变更靠电话通知；尚未与ERP、MES打通，设备联网率 35.6%。")[:20+2*(i%14)]), fmt.Sprintf("%d.%d", i*3, i%10), "100.0",
		})
	}
	items.Rows = append(items.Rows, []string{"", "合计", "", "1,234.5", "2,800.0"})
	return []Block{
		Heading{1, fmt.Sprintf("%d　总体结论", c+1)},
		Paragraph{Text: "经现场诊断，企业数字化水平为二级。企业已建成ERP系统（用友U8 Cloud），但车间层尚未联网；“设备—系统—管理”三层之间的数据靠人工抄录，月均差错约12次……建议先做设备联网，再上制造执行系统（MES）。预计投入1,250,000.00元，可申请补贴不超过30%（以政策测算为准）。"},
		Paragraph{Lead: "依据。", Text: "《中小企业数字化水平评测指标（2024年版）》；企业提供的台账、现场照片与访谈记录。联系人：闫㛃、𠅤某。"},
		Heading{2, "（一）主要问题"},
		List{Numbered: true, Items: []string{"设备联网率低，关键工序数据无法自动采集，质量追溯只能到批次，不能到单件，客户投诉时需要人工翻阅纸质记录才能找到原因。", "计划与库存脱节。", "网络安全制度缺失：口令共用，离职人员账号未停用。"}},
		List{Items: []string{"已有：ERP、OA、CAD。", "没有：MES、WMS、SCADA。"}},
		Heading{3, "1. 企业基本情况"},
		Pairs{{"统一社会信用代码", "91320900MA1XXXXX0X"}, {"行业", "通用设备制造业（C34）"}, {"上年营业收入", "8,652.35 万元"}, {"说明", "收入取自企业上年度审计报告，未经税务数据核对；2025年第四季度为企业自报。"}},
		items,
		Note("来源：企业填报与现场核查，2026年11月3日；置信度：中。演示数据。"),
		Heading{2, "（二）现场照片"},
		Picture{Data: photo(t, 640, 360), Caption: fmt.Sprintf("图 %d　车间现场", c+1), Width: 60},
		Table{Caption: "待补充材料", Columns: []Column{{Title: "材料"}, {Title: "期限"}}, Empty: "无"},
	}
}

func photo(t testing.TB, w, h int) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, shades(w, h), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func drawing(t testing.TB, img image.Image) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func shades(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, color.NRGBA{uint8(x * 255 / w), uint8(y * 255 / h), 128, 255})
		}
	}
	return img
}
